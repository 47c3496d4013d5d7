/**
 * The part of vitest's JSON report that .ci/sum-up.mjs adds up: a budget is a test, and so is a scenario that fails to run. Of a budget that cannot
 * be met yet, what was reached is held.
 */
import { writeFileSync } from 'node:fs'
import type { Budget } from './types.ts'

export const holds = ({ met, reached }: Budget): boolean => met || reached?.held === true

export function writeReport(file: string, budgets: readonly Budget[], failures: readonly string[]): void {
  const numPassedTests = budgets.filter(holds).length
  const numFailedTests = budgets.length - numPassedTests + failures.length
  writeFileSync(
    file,
    JSON.stringify({ numPassedTests, numFailedTests, numPendingTests: 0, numTodoTests: 0, testResults: [] }),
  )
}
