/** The real sources, bundled on the fly, in a process whose timers are virtual and whose digest is synchronous. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type * as Sources from '../../src/index.js'
import { installTimers } from './virtual-time.ts'

export type { Sources }

/** @param src The folder of the sources: this package's own, or a copy with a fault in it. */
export async function loadSources(src: string): Promise<typeof Sources> {
  const root = path.join(import.meta.dirname, '../..')
  const folder = mkdtempSync(path.join(root, 'node_modules/.consistency-'))
  try {
    const outfile = path.join(folder, 'sources.mjs')
    await build({
      entryPoints: [path.join(src, 'index.ts')],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node22',
      packages: 'external',
      logLevel: 'silent',
    })
    installTimers()
    // The real one answers from a thread pool, at a moment that no seed decides.
    Object.defineProperty(crypto.subtle, 'digest', {
      value: (_: string, data: Uint8Array) =>
        Promise.resolve(new Uint8Array(createHash('sha256').update(data).digest()).buffer),
    })
    return (await import(pathToFileURL(outfile).href)) as typeof Sources
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
