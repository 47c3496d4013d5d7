/** What is said at the end: a table of the phases, and each check with its figures. */
import { writeFileSync } from 'node:fs'
import type { Sample } from './load.ts'

export interface Check {
  what: string
  figures: string
  ok: boolean
}

export interface Row {
  name: string
  samples: readonly Sample[]
  failed: number
  trips: number
  seconds: number
}

export function quantile(samples: readonly Sample[], part: number): number {
  const sorted = samples.map(({ ms }) => ms).sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

export const longest = (samples: readonly Sample[]): number => Math.max(0, ...samples.map(({ ms }) => ms))

export function printTable(rows: readonly Row[]): void {
  const head = ['phase', 'seconds', 'requests', 'failed', 'p50 ms', 'p99 ms', 'max ms', 'trips to Redis', 'answers']
  const cells = rows.map(({ name, samples, failed, trips, seconds }) => [
    name,
    seconds.toFixed(1),
    String(samples.length),
    String(failed),
    quantile(samples, 0.5).toFixed(1),
    quantile(samples, 0.99).toFixed(1),
    longest(samples).toFixed(1),
    String(trips),
    outcomes(samples),
  ])
  const widths = head.map((text, i) => Math.max(text.length, ...cells.map((row) => row[i]!.length)))
  for (const row of [head, ...cells])
    console.log(
      row
        .map((text, i) => (i === 0 || i === head.length - 1 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
}

function outcomes(samples: readonly Sample[]): string {
  const counts = new Map<string, number>()
  for (const { outcome } of samples) counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([outcome, count]) => `${outcome || 'none'} ${count}`)
    .join(', ')
}

export function printChecks(checks: readonly Check[]): void {
  for (const { what, figures, ok } of checks) console.log(`${ok ? 'ok    ' : 'FAILED'} ${what} (${figures})`)
}

/** The part of vitest's JSON report that .ci/sum-up.mjs adds up. */
export function writeReport(file: string, checks: readonly Check[]): void {
  const numPassedTests = checks.filter(({ ok }) => ok).length
  const numFailedTests = checks.length - numPassedTests
  writeFileSync(
    file,
    JSON.stringify({ numPassedTests, numFailedTests, numPendingTests: 0, numTodoTests: 0, testResults: [] }),
  )
}
