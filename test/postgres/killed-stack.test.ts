import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startLocalStack } from '../../src/dev/index.js'
import { optionalPackage } from '../../src/dev/local-stack-error.js'
import { childProgram } from './child-program.js'
import type { Program } from './child-program.js'

/** Says how many rows it has written after each, by Neon's protocol, until it is killed. */
const PROGRAM = `
  import { startLocalStack } from './src/dev/index.ts'
  const { neon, database } = await startLocalStack({ embedded: true, dataDir: process.argv[2] })
  await database.exec('CREATE TABLE IF NOT EXISTS rows_kept (n int)')
  const headers = { 'Neon-Connection-String': neon.connectionString }
  for (let n = 1; ; n++) {
    const body = JSON.stringify({ query: 'INSERT INTO rows_kept VALUES ($1)', params: [String(n)] })
    const response = await fetch(neon.fetchEndpoint, { method: 'POST', headers, body })
    if (response.ok) console.log(n)
  }`

describe('a stack that was killed', () => {
  let program: Program
  let parent: string
  beforeAll(async () => void (program = await childProgram(PROGRAM)))
  beforeAll(() => void (parent = mkdtempSync(path.join(tmpdir(), 'killed-'))))
  afterAll(() => {
    program.remove()
    rmSync(parent, { recursive: true, force: true })
  })

  it('leaves its folder to the next at once, with every row that it acknowledged', async () => {
    const dataDir = path.join(parent, 'data')
    const child = program.start(dataDir)
    expect(await child.line()).toBe('1')
    await expect(startLocalStack({ embedded: true, dataDir })).rejects.toThrow(`in use by process ${child.pid}`)
    await child.kill()
    const acknowledged = Number(child.lines.at(-1))
    const stack = await startLocalStack({ embedded: true, dataDir })
    const { rows } = await stack.database.query('SELECT count(*), max(n) FROM rows_kept')
    await stack.stop()
    const [count, max] = rows[0]!.map(Number)
    expect(count).toBe(max)
    expect(acknowledged).toBeGreaterThan(0)
    expect(count).toBeGreaterThanOrEqual(acknowledged)
  })
})

it('says how to get a package that is not there', async () => {
  const absent = optionalPackage('@electric-sql/pglite', () => Promise.reject(new Error('Cannot find package')))
  await expect(absent).rejects.toMatchObject({
    code: 'LOCAL_STACK',
    message: expect.stringMatching(/npm i(nstall)? .*@electric-sql\/pglite/) as string,
  })
})
