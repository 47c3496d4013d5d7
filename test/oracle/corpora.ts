/** Where the statements come from that the reader is judged by. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { statement } from './fuzz/statements.ts'
import { split } from './split.ts'

export interface Corpus {
  name: string
  statements: readonly string[]
}

const FOLDER = path.join(import.meta.dirname, 'corpora')

const json = (file: string): string[] =>
  (JSON.parse(readFileSync(file, 'utf8')) as { sql: string }[]).map(({ sql }) => sql)

/** TPC-H, and what ORMs print for their documentation's examples. */
export function committed(): Corpus[] {
  const orm = path.join(FOLDER, 'orm')
  const tools = readdirSync(orm).filter((file) => file.endsWith('.json') && !file.startsWith('package'))
  return [
    { name: 'TPC-H', statements: json(path.join(FOLDER, 'tpch.json')) },
    ...tools.map((file) => ({ name: path.basename(file, '.json'), statements: json(path.join(orm, file)) })),
  ]
}

/** Statements of the grammar's seeds. */
export const fuzzed = (seeds: number, from: number): Corpus => ({
  name: 'grammar fuzzer',
  statements: Array.from({ length: seeds }, (_, index) => statement(from + index)),
})

/** The `.sql` files under a folder. */
export const folder = (root: string): Corpus => ({
  name: path.basename(root),
  statements: files(root, '.sql').flatMap((file) => split(readFileSync(file, 'utf8'))),
})

/** The statements in the examples of PostgreSQL's documentation, as HTML. */
export const documentation = (root: string): Corpus => ({
  name: "PostgreSQL's docs",
  statements: files(root, '.html').flatMap((file) => examples(readFileSync(file, 'utf8'))),
})

const files = (root: string, extension: string): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', nbsp: ' ' }

/** Listings hold statements, screens also what psql answered. */
function examples(page: string): string[] {
  const listings = [...page.matchAll(/<pre class="(?:programlisting|screen)">([^]*?)<\/pre>/g)].map(([, html]) =>
    plain(html!),
  )
  return listings.flatMap((text) => split(text.replace(/^\w*[=-][>#] ?/gm, '')))
}

const plain = (html: string): string =>
  html
    .replace(/<[^>]*>/g, '')
    .replace(/&#(x?)([\da-f]+);/gi, (_, hex: string, code: string) =>
      String.fromCodePoint(parseInt(code, hex ? 16 : 10)),
    )
    .replace(/&(\w+);/g, (all, name: string) => ENTITIES[name] ?? all)
