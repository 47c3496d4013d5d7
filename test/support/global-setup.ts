/**
 * One local stack for a run: what the tests in workerd, which can start nothing, talk to.
 * `TEST_BACKENDS=real`: behind it a redis-server of its own and the PostgreSQL of `TEST_DATABASE_URL`.
 */
import type { TestProject } from 'vitest/node'
import { startLocalStack } from '../../src/dev/index.js'

declare module 'vitest' {
  interface ProvidedContext {
    stack: { connectionString: string; fetchEndpoint: string; url: string; token: string }
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const real = process.env['TEST_BACKENDS'] === 'real'
  const stack = await startLocalStack(real ? { databaseUrl: process.env['TEST_DATABASE_URL'] } : { embedded: true })
  project.provide('stack', { ...stack.neon, ...stack.upstash })
  return () => stack.stop()
}
