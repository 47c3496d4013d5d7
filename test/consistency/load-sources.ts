/** The real sources, bundled on the fly, in a process whose clock, timers and randomness are the history's own. */
import { mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type * as Core from '../../src/index.js'
import type * as Middleware from '../../src/hono/index.js'
import { installCrypto, installTimers } from './virtual-time.ts'

export type Sources = typeof Core & typeof Middleware

/** @param src The folder of the sources: this package's own, or a copy with a fault in it. */
export async function loadSources(src: string): Promise<Sources> {
  const root = path.join(import.meta.dirname, '../..')
  const folder = mkdtempSync(path.join(root, 'node_modules/.consistency-'))
  try {
    const outfile = path.join(folder, 'sources.mjs')
    await build({
      stdin: { contents: "export * from './index.ts'; export * from './hono/index.ts'", resolveDir: src },
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node22',
      packages: 'external',
      logLevel: 'silent',
    })
    installTimers()
    installCrypto()
    return (await import(pathToFileURL(outfile).href)) as Sources
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
