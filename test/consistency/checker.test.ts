import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const program = path.join(import.meta.dirname, 'run.ts')

test('random histories of several isolates keep the freshness contract', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program, '--seeds', '40', '--from', '500'])
  expect(stdout).toMatch(/^40 histories, \d+ operations, 0 histories with a violation/m)
})

test('a seed replays exactly', async () => {
  const replay = async () => (await promisify(execFile)(process.execPath, [program, '--seed', '7', '--trace'])).stdout
  const withoutDuration = (text: string) => text.replace(/, [\d.]+ s \(\d+ ms each\)/, '')
  expect(withoutDuration(await replay())).toBe(withoutDuration(await replay()))
})
