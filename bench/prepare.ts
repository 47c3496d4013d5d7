/** Before a run: builds `dist/` when it is stale, and installs what only the benchmark needs. */
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..')
const installed = path.join(import.meta.dirname, 'node_modules/.package-lock.json')
const lock = path.join(import.meta.dirname, 'package-lock.json')

function run(command: string, ...args: string[]): void {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

run(process.execPath, 'scripts/build.ts', '--if-stale')
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs)
  run('npm', 'ci', '--prefix', 'bench', '--no-audit', '--no-fund', '--ignore-scripts')
