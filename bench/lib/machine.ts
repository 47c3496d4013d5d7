/** Where the figures come from, without which they say little. */
import { cpus } from 'node:os'

export interface Machine {
  node: string
  v8: string
  cpu: string
  cores: number
  /** Day of the run, UTC. */
  date: string
}

export const machine = (): Machine => ({
  node: process.versions.node,
  v8: process.versions.v8,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  date: new Date().toISOString().slice(0, 10),
})
