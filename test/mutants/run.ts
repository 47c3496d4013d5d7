/** Applies each mutant to an unmodified copy of the sources, sees that it compiles, and that the checker or the named test catches it. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { MUTANTS } from './mutants.ts'
import type { Mutant } from './mutants.ts'
import { readArguments, refuse } from '../../scripts/read-arguments.ts'

const USAGE = `npm run check:mutants -- [options]

Puts ${MUTANTS.length} faults into copies of the sources, one at a time, and sees that the checker or a test catches each.

  --rule <number>   those of one rule of the protocol
  --only <number>   this one, 0 to ${MUTANTS.length - 1}
  --seeds <number>  histories for each (default 500)
  --from <number>   the first seed (default 0)
  --jobs <number>   so many at once (default 2)
  --report <file>   write the counts there, in the form of a test runner's report
  --help            this text`

const values = readArguments(USAGE, {
  seeds: { type: 'string', number: true, default: '500' },
  from: { type: 'string', number: true, default: '0' },
  rule: { type: 'string', number: true },
  only: { type: 'string', number: true },
  jobs: { type: 'string', number: true, default: '2' },
  report: { type: 'string' },
})
const root = path.join(import.meta.dirname, '../..')
const bin = (name: string) => path.join(root, 'node_modules/.bin', name)
const run = promisify(execFile)
const COPIED = ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts', 'scripts', 'examples', 'README.md']

interface Verdict {
  caught: boolean
  how: string
}

/** A folder with the package in it, for one mutant at a time. */
async function copy(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'eqc-mutant-'))
  for (const name of COPIED) await cp(path.join(root, name), path.join(folder, name), { recursive: true })
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  await writeFile(
    path.join(folder, 'tsconfig.mutant.json'),
    JSON.stringify({ extends: './tsconfig.json', include: ['src'], compilerOptions: { noEmit: true } }),
  )
  return folder
}

/** The patch has to fit the sources exactly once: one that fits nowhere proves nothing. */
async function apply(folder: string, { file, find, replace }: Mutant): Promise<string> {
  const original = await readFile(path.join(root, 'src', file), 'utf8')
  const places = original.split(find).length - 1
  if (places !== 1) throw new Error(`the patch fits ${places} places of src/${file} instead of one`)
  await writeFile(
    path.join(folder, 'src', file),
    original.replace(find, () => replace),
  )
  return original
}

/** Ends well: not caught. Ends with a failure that `says` what it should: caught. */
async function fails(command: string, args: string[], cwd: string, says: RegExp): Promise<Verdict> {
  try {
    await run(command, args, { cwd, maxBuffer: 64 << 20, timeout: 900_000 })
    return { caught: false, how: 'nothing failed' }
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    const told = says.exec(stdout + stderr)
    return told ? { caught: true, how: told[0].trim() } : { caught: false, how: `no verdict: ${stderr.slice(-300)}` }
  }
}

async function judge(folder: string, mutant: Mutant): Promise<Verdict> {
  const original = await apply(folder, mutant)
  try {
    try {
      await run(bin('tsc'), ['-p', 'tsconfig.mutant.json'], { cwd: folder })
    } catch (error) {
      return { caught: false, how: `does not compile: ${(error as { stdout: string }).stdout.slice(0, 300)}` }
    }
    if (mutant.test) {
      const args = ['run', '--project', 'node', mutant.test]
      const { caught, how } = await fails(bin('vitest'), args, folder, /Tests .*failed/)
      return { caught, how: caught ? mutant.test : how }
    }
    const program = path.join(root, 'test/consistency/run.ts')
    const args = [
      program,
      '--src',
      path.join(folder, 'src'),
      '--seeds',
      values.seeds,
      '--from',
      values.from,
      '--stop-early',
    ]
    return await fails(process.execPath, args, root, /^seed \d+: \d+ violations\n +[\w/ ]+(?=:)/m)
  } finally {
    await writeFile(path.join(folder, 'src', mutant.file), original)
  }
}

const chosen = MUTANTS.map((mutant, number) => ({ mutant, number })).filter(
  ({ mutant, number }) =>
    (values.rule === undefined || mutant.rule === Number(values.rule)) &&
    (values.only === undefined || number === Number(values.only)),
)
if (chosen.length === 0) refuse(USAGE, 'There is no such mutant.')
const queue = [...chosen]
let caught = 0
const startedAt = performance.now()

async function work(): Promise<void> {
  const folder = await copy()
  try {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { mutant, number } = next
      const verdict = await judge(folder, mutant).catch((error: Error) => ({ caught: false, how: error.message }))
      if (verdict.caught) caught++
      const how = verdict.how.replace(/\s+/g, ' ')
      console.log(`${verdict.caught ? 'caught ' : 'ESCAPED'} #${number} rule ${mutant.rule}: ${mutant.fault} (${how})`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
await Promise.all(Array.from({ length: Math.max(1, Number(values.jobs)) }, work))

const without = Array.from({ length: 17 }, (_, i) => i + 1).filter((rule) => !MUTANTS.some((one) => one.rule === rule))
if (without.length > 0) console.log(`rules without a mutant: ${without.join(', ')}`)
const escaped = chosen.length - caught
console.log(`${((performance.now() - startedAt) / 1000).toFixed(0)} s`)
console.log(`${caught} passed, ${escaped} failed`)
if (values.report !== undefined) {
  const counts = { numPassedTests: caught, numFailedTests: escaped, numPendingTests: without.length, numTodoTests: 0 }
  await writeFile(values.report, JSON.stringify({ ...counts, testResults: [] }))
}
process.exitCode = escaped > 0 || without.length > 0 ? 1 : 0
