/** README.md and the charts, from the results alone. */
import type { Results } from './results.ts'

export async function writeReadme(_results: Results): Promise<void> {}
