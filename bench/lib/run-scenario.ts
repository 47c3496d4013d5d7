/** One scenario in a process of its own: its heap and its compiled code are nobody else's. */
import { fork } from 'node:child_process'
import path from 'node:path'
import type { ScenarioResult } from './results.ts'
import type { Report, Settings } from './types.ts'

export async function runScenario(id: string, settings: Settings): Promise<ScenarioResult> {
  const startedAt = performance.now()
  const child = fork(path.join(import.meta.dirname, 'scenario-process.ts'), [id, JSON.stringify(settings)], {
    execArgv: ['--expose-gc'],
    cwd: path.join(import.meta.dirname, '../..'),
  })
  const report = await new Promise<Report>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Report))
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      reject(new Error(`its process ended with ${code ?? signal} before it reported`)),
    )
  })
  return { seconds: (performance.now() - startedAt) / 1000, ...report }
}
