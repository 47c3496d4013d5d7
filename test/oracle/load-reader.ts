/** The reader of a folder of sources, bundled on the fly: this package's own, or a copy with a fault in it. */
import { mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type * as Sql from '../../src/sql/index.js'

export type Reader = Pick<typeof Sql, 'readSql' | 'canonicalTable'>

export async function loadReader(src = path.join(import.meta.dirname, '../../src')): Promise<Reader> {
  const folder = mkdtempSync(path.join(import.meta.dirname, '../../node_modules/.oracle-'))
  try {
    const outfile = path.join(folder, 'sql.mjs')
    await build({
      entryPoints: [path.join(src, 'sql/index.ts')],
      outfile,
      bundle: true,
      format: 'esm',
      target: 'node22',
      logLevel: 'silent',
    })
    return (await import(pathToFileURL(outfile).href)) as Reader
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
