/**
 * What the reader weighs in a bundle, what a statement costs it for the first time and from memory, and how its time
 * grows with the text. Fails when a text sixteen times as long takes more than 64 times as long: with a quadratic step it would be 256.
 */
import { rmSync, mkdtempSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type * as Sql from '../../src/sql/index.js'
import type * as Statement from '../../src/statement.js'
import { committed, fuzzed } from './corpora.ts'
import { readArguments } from '../../scripts/read-arguments.ts'

const SRC = path.join(import.meta.dirname, '../../src')
type Sources = typeof Sql & typeof Statement

async function bundle(contents: string, minify: boolean) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: SRC },
    bundle: true,
    write: false,
    minify,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    external: ['@upstash/redis*', '@neondatabase/serverless', 'hono*'],
    logLevel: 'silent',
  })
  return { code: outputFiles[0]!.contents, inputs: Object.values(metafile.outputs)[0]!.inputs }
}

async function load(): Promise<Sources> {
  const folder = mkdtempSync(path.join(import.meta.dirname, '../../node_modules/.oracle-'))
  try {
    const file = path.join(folder, 'sources.mjs')
    const { code } = await bundle("export * from './sql/index.ts'; export * from './statement.ts'", false)
    const { writeFileSync } = await import('node:fs')
    writeFileSync(file, code)
    return (await import(pathToFileURL(file).href)) as Sources
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`
const median = (list: number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1] as number

/** Microseconds a statement, the median of `rounds` over the whole list. */
function each(rounds: number, statements: readonly string[], ask: (sql: string) => unknown): number {
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now()
    for (const sql of statements) ask(sql)
    return ((performance.now() - start) * 1000) / statements.length
  })
  return median(times)
}

async function weight(): Promise<void> {
  const own = await bundle("export * from './sql/index.ts'", true)
  const all = await bundle(
    "export * from './index.ts'; export * from './hono/index.ts'; export * from './cron/index.ts'",
    true,
  )
  const inside = Object.entries(all.inputs).reduce(
    (sum, [file, { bytesInOutput }]) => sum + (/(^|\/)sql\//.test(file) ? bytesInOutput : 0),
    0,
  )
  console.log(
    `bytes: src/sql alone ${kib(own.code.length)} minified, ${kib(gzipSync(own.code, { level: 9 }).length)} min+gzip`,
  )
  console.log(
    `bytes: in core + hono + cron ${kib(inside)} of ${kib(all.code.length)} minified (all of it ${kib(gzipSync(all.code, { level: 9 }).length)} min+gzip)\n`,
  )
}

function perStatement({ readSql, Statements }: Sources): void {
  const config = { sql: {}, l1Entries: 10_000 }
  const names = { name: (name: string) => ({ name }) }
  const database = { identity: 'd', invalidationIdentity: 'd' }
  console.log('µs a statement       characters   read anew   from memory')
  for (const { name, statements } of [...committed(), fuzzed(2_000, 0)]) {
    const memory = new Statements(config as never, names as never)
    const known = memory.of(database as never)
    const anew = each(15, statements, (sql) => readSql(sql, {}))
    const again = each(15, statements, (sql) => memory.record(known, database as never, sql).plain)
    const characters = statements.reduce((sum, sql) => sum + sql.length, 0) / statements.length
    console.log(
      `${name.padEnd(20)} ${characters.toFixed(0).padStart(10)} ${anew.toFixed(2).padStart(11)} ${again.toFixed(3).padStart(13)}`,
    )
  }
}

const SHAPES: Record<string, (times: number) => string> = {
  columns: (n) => `select ${'a.b, '.repeat(n)} 1 from t`,
  joins: (n) => `select 1 from t ${'join u on t.a = u.b '.repeat(n)}`,
  'in list': (n) => `select 1 from t where a in (${'$1, '.repeat(n)} 1)`,
  values: (n) => `values ${"(1, 'x'), ".repeat(n)} (1, 'y')`,
  union: (n) => `select 1 from t ${'union all select 2 from u '.repeat(n)}`,
  'many CTEs': (n) =>
    `with a as (select 1) ${Array.from({ length: n }, (_, i) => `, c${i} as (select 1 from t)`).join('')} select 1`,
  'nested, refused': (n) => `select ${'('.repeat(n)}1${')'.repeat(n)}`,
  'nested comment': (n) => `select 1 ${'/* '.repeat(n)} ${'*/ '.repeat(n)}`,
  'one string': (n) => `select '${"it''s ".repeat(n)}'`,
  'one E string': (n) => `select E'${'\\\\\\n'.repeat(n)}'`,
  'parameters and dollar quotes': (n) => `select ${'$1 $$ $$, '.repeat(n)} 1`,
  operators: (n) => `select 1 ${'+-'.repeat(n)} 1`,
  'quoted names': (n) => `select ${'"a""b".'.repeat(n)}c`,
  soup: (n) => '( ] select from , "a" \'b\' \u00e9 '.repeat(n),
}

/** Milliseconds, the least of five: what the text costs, not what else the machine did. */
const least = (readSql: Sources['readSql'], sql: string): number =>
  Math.min(
    ...Array.from({ length: 5 }, () => {
      const start = performance.now()
      readSql(sql)
      return performance.now() - start
    }),
  )

const MOST_TIMES = 64

function growth({ readSql }: Sources): boolean {
  console.log('\nms for a text of     64 KiB     1 MiB   times as long for 16 times the text')
  let linear = true
  for (const [name, make] of Object.entries(SHAPES)) {
    const unit = (make(1_000).length - make(1).length) / 999
    const [short, long] = [1 << 16, 1 << 20].map((length) => least(readSql, make(Math.ceil(length / unit)))) as [
      number,
      number,
    ]
    linear &&= long / Math.max(short, 0.2) < MOST_TIMES
    console.log(
      `${name.padEnd(18)} ${short.toFixed(2).padStart(8)} ${long.toFixed(2).padStart(9)} ${(long / short).toFixed(1).padStart(8)}`,
    )
  }
  return linear
}

readArguments('npm run check:sql-figures\n\nWeight, time and growth of the reader of SQL. Takes no options.', {})
await weight()
const sources = await load()
perStatement(sources)
if (!growth(sources)) {
  console.log('FAILED: the time grows faster than the text')
  process.exitCode = 1
}
