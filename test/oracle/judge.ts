/**
 * The reader of this package beside PostgreSQL's own parser.
 * @module
 */
import { loadModule, parseSync } from 'libpg-query'
import { Walk } from './expect.ts'
import type { Doubt, Expected, Name } from './expect.ts'
import { functionNatures } from './functions.ts'
import type { Reader } from './load-reader.ts'

export interface Verdict {
  sql: string
  /** A SELECT whose result is a function of its tables, parameters and settings. */
  stableSelect: boolean
  accepted: boolean
  /** Why the reader refused it. */
  reason: string
  doubts: ReadonlySet<Doubt>
  /** Tables that it reads or changes and the reader does not name. */
  missed: string[]
  /** Tables that the reader names and the parser does not. */
  invented: string[]
  wronglyCached: boolean
  /** The reader takes something for a function that nobody knows: as a write it invalidates everything. */
  unknownForNothing: boolean
}

/** The doubts that forbid to cache; schema, rights and identity are judged by rules of their own. */
const FORBID: readonly Doubt[] = [
  'clock',
  'volatile function',
  'unknown function',
  'sampling',
  'locking',
  'cursor',
  'special date',
  'no query',
  'write',
]

export async function oracle(reader: Reader): Promise<(sql: string) => Verdict | undefined> {
  await loadModule()
  const natures = await functionNatures()
  return (sql) => {
    const expected = expectedOf(sql, natures)
    return expected && judge(reader, sql, expected)
  }
}

/** Undefined where PostgreSQL does not take the text for one statement. */
function expectedOf(sql: string, natures: Awaited<ReturnType<typeof functionNatures>>): Expected | undefined {
  let parsed
  try {
    parsed = parseSync(sql)
  } catch {
    return undefined
  }
  if (parsed.stmts?.length !== 1) return undefined
  return new Walk(natures).statement(parsed.stmts[0]?.stmt as Record<string, unknown>)
}

const quoted = (part: string) => `"${part.replaceAll('"', '""')}"`

function judge({ readSql, canonicalTable }: Reader, sql: string, { reads, writes, doubts }: Expected): Verdict {
  const canonical = ({ schema = 'public', name }: Name) => canonicalTable(`${quoted(schema)}.${quoted(name)}`)
  const facts = readSql(sql)
  const unclear = facts.reason === 'not-understood' || facts.reason === 'multiple-statements'
  const readNames = new Set(reads.map(canonical))
  const writeNames = new Set(writes.map(canonical))
  const missedReads = !unclear ? [...readNames].filter((name) => !facts.tables.includes(name)) : []
  const missedWrites = facts.writes ? [...writeNames].filter((name) => !facts.writes!.includes(name)) : []
  const invented = [
    ...facts.tables.filter((name) => !readNames.has(name) && !writeNames.has(name) && !name.startsWith('pg_catalog.')),
    ...(facts.writes ?? []).filter((name) => !writeNames.has(name) && !name.startsWith('pg_catalog.')),
  ]
  const forbidden = FORBID.some((doubt) => doubts.has(doubt))
  const asSomebody = doubts.has('identity') && !facts.identity
  return {
    sql,
    stableSelect: doubts.size === 0,
    accepted: facts.stable,
    reason: facts.stable ? '' : `${facts.reason}${facts.token ? ` (${facts.token})` : ''}`,
    doubts,
    // What is not understood is not cached, and as a write it invalidates everything.
    missed: [...missedReads, ...missedWrites],
    invented: doubts.has('no query') ? [] : invented,
    // What TREAT calls has the name of a type, which the reader does not work out.
    unknownForNothing:
      facts.unknownFunction !== undefined &&
      !doubts.has('unknown function') &&
      doubts.has('write') &&
      !/treat/i.test(sql),
    wronglyCached: facts.stable && (facts.kind !== 'read' || forbidden || asSomebody),
  }
}
