/**
 * Starts the local stack on the data folder.
 * @module
 */
import path from 'node:path'
import { startLocalStack, type LocalStack } from 'edge-query-cache/dev'

/** @throws LocalStackError that says who holds the folder, or what is missing. */
export function openStack(dataDir: string): Promise<LocalStack> {
  return startLocalStack({ dataDir: path.join(dataDir, 'postgres') })
}
