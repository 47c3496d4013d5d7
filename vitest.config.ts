import path from 'node:path'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

const src = (file: string) => path.join(import.meta.dirname, 'src', file)
/** Tests read the sources under the names that users import. */
const resolve = {
  alias: [
    { find: /^edge-query-cache$/, replacement: src('index.ts') },
    { find: /^edge-query-cache\/(hono|cron|dev)$/, replacement: src('$1/index.ts') },
  ],
}

/** Suites of the core, which must hold in every runtime. */
const everywhere = [
  'test/hono/**/*.test.ts',
  'test/flow/**/*.test.ts',
  'test/unit/*.test.ts',
  'test/faults/**/*.test.ts',
]
/** What asks no backend is not run again with real ones. */
const withoutBackends =
  process.env['TEST_BACKENDS'] === 'real'
    ? ['test/orders/**', 'test/consistency/**', 'test/docs/**', 'test/flights/**']
    : []
/** Those of them that start a server of node:http or compare with a Node driver. */
const needsNode = ['test/**/*.node.test.ts', 'test/unit/database*.test.ts']

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        test: {
          name: 'node',
          environment: 'node',
          include: ['test/**/*.test.ts'],
          exclude: [
            '**/node_modules/**',
            'test/runtime/workerd/**',
            'test/runtime/edge/**',
            'test/browser/**',
            'test/package/**',
            ...withoutBackends,
          ],
          globalSetup: ['test/support/global-setup.ts'],
          testTimeout: 30_000,
          // Starting a database takes its time on a busy machine.
          hookTimeout: 60_000,
        },
      },
      {
        resolve,
        plugins: [cloudflareTest({ wrangler: { configPath: './test/runtime/workerd/wrangler.toml' } })],
        test: {
          name: 'workerd',
          include: [...everywhere, 'test/runtime/workerd/**/*.test.ts'],
          exclude: needsNode,
          globalSetup: ['test/support/global-setup.ts'],
        },
      },
      {
        resolve,
        test: {
          name: 'edge',
          environment: 'edge-runtime',
          include: ['test/runtime/edge/**/*.test.ts'],
        },
      },
      {
        resolve,
        test: {
          name: 'package',
          environment: 'node',
          include: ['test/package/**/*.test.ts'],
          testTimeout: 120_000,
        },
      },
      {
        resolve,
        test: {
          name: 'browser',
          environment: 'node',
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
