import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { lockFolder } from '../../src/dev/lock-folder.js'
import { childProgram } from './child-program.js'
import type { Child, Program } from './child-program.js'

const PROGRAM = `
  import { lockFolder } from './src/dev/lock-folder.ts'
  try {
    await lockFolder(process.argv[2])
    console.log('holds')
    setInterval(() => {}, 1_000)
  } catch (error) {
    console.log(error.message)
  }`

describe('the lock of a data folder', () => {
  let program: Program
  let parent: string
  let folder: string
  let children: Child[]
  const start = () => {
    const child = program.start(folder)
    children.push(child)
    return child
  }

  beforeAll(async () => void (program = await childProgram(PROGRAM)))
  afterAll(() => program.remove())
  beforeEach(() => {
    parent = mkdtempSync(path.join(tmpdir(), 'lock-'))
    folder = mkdtempSync(path.join(parent, 'data-'))
    children = []
  })
  afterEach(async () => {
    await Promise.all(children.map((child) => child.kill()))
    rmSync(parent, { recursive: true, force: true })
  })

  it('names the process that holds it', async () => {
    const holder = start()
    expect(await holder.line()).toBe('holds')
    await expect(lockFolder(folder)).rejects.toMatchObject({
      code: 'LOCAL_STACK',
      message: expect.stringContaining(`in use by process ${holder.pid}`) as string,
    })
    await expect(lockFolder(path.join(folder, '..', path.basename(folder)))).rejects.toThrow('`dataDir`')
  })

  it('is free at once when its holder was killed', async () => {
    const holder = start()
    expect(await holder.line()).toBe('holds')
    await holder.kill()
    const lock = await lockFolder(folder)
    await lock.release()
  })

  it('goes to exactly one of many that ask at once for what a killed process left', async () => {
    for (let round = 0; round < 4; round++) {
      const killed = start()
      expect(await killed.line()).toBe('holds')
      await killed.kill()
      const askers = Array.from({ length: 6 }, start)
      const answers = await Promise.all(askers.map((child) => child.line()))
      const holder = askers[answers.indexOf('holds')]
      expect(
        answers.map((answer) => (answer.includes(`in use by process ${holder?.pid}:`) ? 'refused' : answer)).sort(),
      ).toEqual(['holds', ...Array.from({ length: 5 }, () => 'refused')])
      await holder!.kill()
    }
  })

  it('goes to exactly one of many that ask at once in one process, and leaves nothing when it is released', async () => {
    for (let round = 0; round < 10; round++) {
      const settled = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)))
      const held = settled.filter((one) => one.status === 'fulfilled')
      expect(held.length).toBe(1)
      await held[0]!.value.release()
      expect(readdirSync(parent)).toEqual([path.basename(folder)])
    }
  })

  it('holds where the path is too long for a socket', async () => {
    const deep = path.join(folder, 'x'.repeat(120))
    folder = deep
    mkdirSync(deep)
    const holder = start()
    expect(await holder.line()).toBe('holds')
    await expect(lockFolder(deep)).rejects.toThrow(`in use by process ${holder.pid}`)
    await holder.kill()
    await (await lockFolder(deep)).release()
  })
})
