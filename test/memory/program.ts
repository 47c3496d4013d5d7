/** Weighs isolate memory in processes of their own, whose garbage collector can be called. */
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import type { Weighed } from '../../bench/memory/heap.ts'

const ROOT = path.resolve(import.meta.dirname, '..', '..')

export interface Weighing {
  /** Part of the name of a way; the first that has it is taken. */
  way: string
  queries: number | 'full'
  megabytes: number
}

/** A fault in one file of `src`: a text that stands in it once, and what stands there instead. */
export interface Fault {
  file: string
  find: string
  replace: string
}

/** Weighs the sources, with a fault in them when one is given. */
export async function weighed(weighings: readonly Weighing[], fault?: Fault): Promise<Weighed[]> {
  mkdirSync(path.join(ROOT, '.tmp'), { recursive: true })
  const folder = mkdtempSync(path.join(ROOT, '.tmp', 'memory-'))
  try {
    const outfile = path.join(folder, 'program.mjs')
    const contents = `
      import * as api from './src/index.ts'
      import { MIXED, nameOf, WAYS, weigh } from './bench/memory/heap.ts'
      const { way, queries, megabytes } = JSON.parse(process.argv[2])
      const found = [...WAYS, MIXED].find((one) => nameOf(one).includes(way))
      console.log(JSON.stringify(await weigh(api, found, queries, megabytes)))`
    await build({
      stdin: { contents, resolveDir: ROOT, loader: 'ts' },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      logLevel: 'silent',
      plugins: fault ? [withFault(fault)] : [],
    })
    // Code that is thrown away between two measurements would count as results that take no memory.
    const flags = ['--expose-gc', '--no-flush-bytecode']
    const results: Weighed[] = []
    // Each by itself: what one leaves behind would count as memory that another takes, or frees.
    for (const weighing of weighings) {
      const { stdout } = await promisify(execFile)(process.execPath, [...flags, outfile, JSON.stringify(weighing)])
      results.push(JSON.parse(stdout) as Weighed)
    }
    return results
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function withFault({ file, find, replace }: Fault) {
  return {
    name: 'fault',
    setup(build: {
      onLoad(options: { filter: RegExp }, load: (found: { path: string }) => { contents: string; loader: 'ts' }): void
    }) {
      build.onLoad({ filter: new RegExp(`src.${file.replace('.', '\\.')}$`) }, ({ path }) => {
        const source = readFileSync(path, 'utf8')
        if (source.split(find).length !== 2) throw new Error(`The fault does not fit ${file} any more.`)
        return { contents: source.replace(find, replace), loader: 'ts' }
      })
    },
  }
}
