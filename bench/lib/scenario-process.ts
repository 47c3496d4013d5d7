/** The child of `run-scenario.ts`. */
import type { Scenario, Settings } from './types.ts'

const [id, settings] = process.argv.slice(2) as [string, string]
const { scenario } = (await import(`../scenarios/${id}.ts`)) as { scenario: Scenario }
const report = await scenario.run(JSON.parse(settings) as Settings)
process.send!(report, () => process.exit(0))
