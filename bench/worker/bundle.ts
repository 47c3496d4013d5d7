/** Bundles as `wrangler deploy --minify` makes them. */
import { builtinModules } from 'node:module'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { BuildOptions, Metafile } from 'esbuild'

export const ROOT = path.join(import.meta.dirname, '../..')

export interface Bundle {
  code: string
  metafile: Metafile
}

/** Bundles a file, or the text of a module as if it lay in `bench/worker`. */
export async function bundle(source: { file: string } | { text: string }, options: BuildOptions = {}): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    ...('file' in source
      ? { entryPoints: [path.resolve(ROOT, source.file)] }
      : { stdin: { contents: source.text, resolveDir: import.meta.dirname, loader: 'ts' as const } }),
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2024',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    // Not what the repository's own settings make of a name.
    tsconfigRaw: {},
    alias: Object.fromEntries(builtinModules.map((name) => [name, `node:${name}`])),
    outdir: 'out',
    logLevel: 'silent',
    ...options,
    external: ['node:*', 'cloudflare:*', ...(options.external ?? [])],
  })
  return { code: outputFiles!.find(({ path }) => path.endsWith('.js'))!.text, metafile: metafile! }
}

/** What is sent and stored of a bundle: zlib's best level, which is what packers and CDNs are compared by. */
export const gzipBytes = (code: string): number => gzipSync(code, { level: 9 }).length
