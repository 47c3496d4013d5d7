/**
 * `npm run bench`: every scenario of `bench/scenarios/`, each in a process of its own, one after another. Prints the tables and the
 * budgets; ends with 1 and the names when a budget is missed or a scenario fails.
 */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { readArguments, refuse } from '../scripts/read-arguments.ts'
import { machine } from './lib/machine.ts'
import { holds, writeReport } from './lib/guard-report.ts'
import { readResults, writeResults } from './lib/results.ts'
import type { Results, ScenarioResult } from './lib/results.ts'
import { runScenario } from './lib/run-scenario.ts'
import { printBudgets, printTables } from './lib/terminal.ts'
import type { Budget } from './lib/types.ts'

/** Those whose budgets hold on a busy machine too: counts, bytes, and ratios far from their bounds. */
const GUARDED = ['counts', 'bundle', 'codec', 'tiers-node']

const all = readdirSync(path.join(import.meta.dirname, 'scenarios'))
  .filter((file) => file.endsWith('.ts') && !file.startsWith('_'))
  .map((file) => path.basename(file, '.ts'))
const USAGE = `Usage: npm run bench -- [options]

  --quick        fewer rounds, all scenarios in less than 90 seconds; leaves the committed results alone
  --only a,b     these scenarios; leaves the committed results alone
  --write        writes results.json, README.md and charts all the same (of --only: merged into what is there)
  --guard        the scenarios with stable budgets, and only those budgets count
  --report file  also writes the counts for .ci/run

Scenarios: ${all.join(', ')}.`
const values = readArguments(USAGE, {
  quick: { type: 'boolean', default: false },
  only: { type: 'string' },
  write: { type: 'boolean', default: false },
  guard: { type: 'boolean', default: false },
  report: { type: 'string' },
})
const quick = values.quick || values.guard

const wanted = values.only?.split(',') ?? (values.guard ? all.filter((id) => GUARDED.includes(id)) : all)
const unknown = wanted.filter((id) => !all.includes(id))
if (unknown.length > 0) refuse(USAGE, `--only: there is no scenario ${unknown.join(', ')}.`)

const scenarios: Record<string, ScenarioResult> = {}
const failures: string[] = []
const startedAt = performance.now()
for (const id of wanted) {
  console.error(`running ${id}`)
  try {
    const result = await runScenario(id, { quick, guard: values.guard })
    scenarios[id] = result
    printTables(id, result)
  } catch (cause) {
    failures.push(id)
    console.error(`${id} failed: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

const budgets = Object.values(scenarios)
  .flatMap(({ budgets }) => budgets)
  .filter(({ stable }) => stable || !values.guard)
printBudgets(budgets)
const results: Results = { machine: machine(), quick, scenarios }
const complete = values.only === undefined && !quick
if ((complete || values.write) && failures.length === 0)
  await writeResults(complete ? results : { ...results, scenarios: { ...readResults()?.scenarios, ...scenarios } })
if (values.report) writeReport(values.report, budgets, failures)

console.log(`\n${((performance.now() - startedAt) / 1000).toFixed(0)} s`)
const missed = budgets.filter((budget) => !(values.guard ? holds(budget) : budget.met)).map(({ id }: Budget) => id)
if (missed.length > 0) console.error(`budgets missed: ${missed.join(', ')}`)
if (failures.length > 0) console.error(`scenarios failed: ${failures.join(', ')}`)
process.exitCode = missed.length + failures.length > 0 ? 1 : 0
