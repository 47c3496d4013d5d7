/**
 * Starts the local stack and says how rows get into it.
 * @module
 */
import { startLocalStack } from 'edge-query-cache/dev'
import { createConnectionPool } from 'edge-query-cache'
import type { StackAddress } from './bump-versions.ts'
import { loadData, type LoadTarget } from './load-data.ts'

export interface OpenStack extends StackAddress {
  /** Fills the database unless that is done. */
  load(): Promise<boolean>
  stop(): Promise<void>
}

export async function openStack(dataDir: string): Promise<OpenStack> {
  const stack = await startLocalStack({ dataDir })
  return {
    neon: stack.neon,
    upstash: stack.upstash,
    load: async () => loadData(targetOf(stack)),
    stop: () => stack.stop(),
  }
}
