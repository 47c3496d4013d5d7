import { defineConfig } from 'vitest/config'
import path from 'node:path'

const src = (file: string) => path.join(import.meta.dirname, 'src', file)
/** Tests read the sources under the names that users import. */
export const alias = [
  { find: /^edge-query-cache$/, replacement: src('index.ts') },
  { find: /^edge-query-cache\/(hono|cron|dev)$/, replacement: src('$1/index.ts') },
]

export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        resolve: { alias },
        test: { name: 'node', environment: 'node', include: ['test/**/*.test.ts'], exclude: ['test/runtime/workerd/**', 'test/runtime/edge/**'] },
      },
    ],
  },
})
