/** Random histories against the contract. */
import path from 'node:path'
import { History } from './history.ts'
import { loadSources } from './load-sources.ts'
import { ENOUGH, RULES, SITUATIONS } from './situations.ts'
import { readArguments } from '../../scripts/read-arguments.ts'

const USAGE = `npm run check:consistency -- [options]

Random histories of several isolates in virtual time, judged by the contract.

  --seeds <number>  histories (default 200)
  --from <number>   the first seed (default 0)
  --seed <number>   this one history
  --trace           print what happens in each
  --stop-early      end with the first seed that fails
  --src <folder>    sources to judge (default: this package's)
  --help            this text`

const values = readArguments(USAGE, {
  seeds: { type: 'string', number: true, default: '200' },
  from: { type: 'string', number: true, default: '0' },
  seed: { type: 'string', number: true },
  trace: { type: 'boolean', default: false },
  src: { type: 'string', folder: true, default: path.join(import.meta.dirname, '../../src') },
  'stop-early': { type: 'boolean', default: false },
})
const from = Number(values.seed ?? values.from)
const seeds = values.seed === undefined ? Number(values.seeds) : 1

const sources = await loadSources(path.resolve(values.src))
const stray: string[] = []
process.on('unhandledRejection', (error) => void stray.push(`nobody handled: ${String(error)}`))

const counts = new Map<string, number>()
const startedAt = performance.now()
const failures: { seed: number; violations: string[] }[] = []
let histories = 0
let operations = 0
for (let seed = from; seed < from + seeds; seed++) {
  const told = await new History(seed, sources, counts, values.trace).run()
  histories++
  operations += told.operations
  const violations = [...told.violations, ...stray.splice(0)]
  if (values.trace) console.log(told.lines.join('\n'))
  if (violations.length === 0) continue
  failures.push({ seed, violations })
  if (failures.length <= 10)
    console.log(`seed ${seed}: ${violations.length} violations\n  ${violations.slice(0, 3).join('\n  ')}`)
  if (values['stop-early']) break
}

const seconds = (performance.now() - startedAt) / 1000
for (const [what, times] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
  console.log(`${String(times).padStart(9)}  ${what}`)
console.log('what exercised each rule of the protocol:')
const unexercised: string[] = []
for (const { rule, what, counts: prefixes } of RULES) {
  const times = [...counts].filter(([name]) => prefixes.some((prefix) => name.startsWith(prefix)))
  const sum = times.reduce((total, [, count]) => total + count, 0)
  console.log(`${String(sum).padStart(9)}  rule ${rule}: ${what}`)
  if (sum === 0) unexercised.push(`rule ${rule}: ${what}`)
}
const clauses = new Map<string, number>()
for (const violation of failures.flatMap((failure) => failure.violations)) {
  const clause = violation.slice(0, violation.indexOf(': op'))
  clauses.set(clause, (clauses.get(clause) ?? 0) + 1)
}
if (failures.length > 0) {
  console.log(`by clause: ${[...clauses].map(([clause, times]) => `${clause} ${times}`).join(', ')}`)
  console.log(`replay: node test/consistency/run.ts --seed ${failures[0]!.seed} --trace`)
}
console.log(
  `${histories} histories, ${operations} operations, ${failures.length} histories with a violation, ${seconds.toFixed(1)} s (${((seconds * 1000) / histories).toFixed(0)} ms each)`,
)
const never = histories >= ENOUGH ? [...SITUATIONS.filter((what) => !counts.has(what)), ...unexercised] : []
if (never.length > 0) console.log(`never occurred, give more seeds: ${never.join('; ')}`)
process.exitCode = failures.length > 0 || never.length > 0 ? 1 : 0
