/** Builds `dist/` with tsc: one output file per source file, types beside it. `--if-stale`: only when a source is newer. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

const newest = (folder: string): number =>
  Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(path.join(entry.parentPath, entry.name)).mtimeMs),
  )

// index.js is written by every build, so it tells when the last one was.
const upToDate = () => existsSync('dist/index.js') && newest('src') < statSync('dist/index.js').mtimeMs
if (process.argv.includes('--if-stale') && upToDate()) process.exit(0)

const require = createRequire(import.meta.url)
const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin', 'tsc')
rmSync('dist', { recursive: true, force: true })
const run = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' })
process.exit(run.status ?? 1)
