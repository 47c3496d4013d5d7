/** What the last whole run measured, as it is committed. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { formatted } from './formatted.ts'
import type { Machine } from './machine.ts'
import { writeReadme } from './readme.ts'
import type { Report } from './types.ts'

export interface ScenarioResult extends Report {
  /** How long it took. */
  seconds: number
}

export interface Results {
  machine: Machine
  quick: boolean
  scenarios: Record<string, ScenarioResult>
}

const file = path.join(import.meta.dirname, '../results.json')

export const readResults = (): Results | undefined =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : undefined

/** Writes results.json, and README.md and the charts from it. */
export async function writeResults(results: Results): Promise<void> {
  writeFileSync(file, await formatted(file, JSON.stringify(results)))
  await writeReadme(results)
}
