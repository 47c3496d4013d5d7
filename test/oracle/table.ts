/** Verdicts of a corpus, counted. */
import type { Verdict } from './judge.ts'

export interface Count {
  corpus: string
  statements: number
  /** What PostgreSQL's parser does not take for one statement. */
  unparsed: number
  stableSelects: number
  accepted: number
  refused: Map<string, Verdict[]>
  missed: Verdict[]
  wronglyCached: Verdict[]
  unknownForNothing: Verdict[]
}

/** The share of stable SELECTs that have to be accepted. */
export const ENOUGH = 0.97

export function count(
  corpus: string,
  statements: readonly string[],
  judge: (sql: string) => Verdict | undefined,
): Count {
  const found: Count = {
    corpus,
    statements: 0,
    unparsed: 0,
    stableSelects: 0,
    accepted: 0,
    refused: new Map(),
    missed: [],
    wronglyCached: [],
    unknownForNothing: [],
  }
  for (const sql of statements) {
    const verdict = judge(sql)
    if (!verdict) {
      found.unparsed++
      continue
    }
    found.statements++
    if (verdict.missed.length > 0) found.missed.push(verdict)
    if (verdict.wronglyCached) found.wronglyCached.push(verdict)
    if (verdict.unknownForNothing) found.unknownForNothing.push(verdict)
    if (!verdict.stableSelect) continue
    found.stableSelects++
    if (verdict.accepted) found.accepted++
    else found.refused.set(verdict.reason, [...(found.refused.get(verdict.reason) ?? []), verdict])
  }
  return found
}

export const share = ({ accepted, stableSelects }: Count): number =>
  stableSelects === 0 ? 1 : accepted / stableSelects

/** What is below the bars, in words; empty when nothing is. */
export const failures = (found: Count): string[] => [
  ...(found.missed.length > 0 ? [`${found.corpus}: tables missed in ${found.missed.length} statements`] : []),
  ...(found.wronglyCached.length > 0
    ? [`${found.corpus}: ${found.wronglyCached.length} statements wrongly cached`]
    : []),
  ...(found.unknownForNothing.length > 0
    ? [`${found.corpus}: ${found.unknownForNothing.length} writes that invalidate everything for nothing`]
    : []),
  ...(share(found) < ENOUGH ? [`${found.corpus}: ${percent(found)} of the stable SELECTs accepted`] : []),
]

export const percent = (found: Count): string => `${(100 * share(found)).toFixed(2)}%`

const HEAD = [
  'corpus',
  'statements',
  'not parsed',
  'stable SELECTs',
  'accepted',
  'share',
  'tables missed',
  'wrongly cached',
]

/** One line per corpus, then why stable SELECTs were refused. */
export function render(counts: readonly Count[]): string {
  const rows = counts.map((found) => [
    found.corpus,
    found.statements,
    found.unparsed,
    found.stableSelects,
    found.accepted,
    percent(found),
    found.missed.length,
    found.wronglyCached.length,
  ])
  const lines = [HEAD, ...rows].map((row) =>
    row
      .map((cell, index) => (index === 0 ? String(cell).padEnd(18) : String(cell).padStart(HEAD[index]!.length)))
      .join('  '),
  )
  return [...lines, '', ...counts.flatMap(reasons)].join('\n')
}

function reasons({ corpus, refused }: Count): string[] {
  if (refused.size === 0) return []
  const sorted = [...refused].sort(([, a], [, b]) => b.length - a.length)
  const listed = sorted.slice(0, 12).map(([reason, { length }]) => `${reason} ${length}`)
  const rest = sorted.slice(12).reduce((sum, [, { length }]) => sum + length, 0)
  return [`refused in ${corpus}: ${[...listed, ...(rest ? [`others ${rest}`] : [])].join(', ')}`]
}

/** The rows of the README's table. */
export const markdown = (counts: readonly Count[]): string[] =>
  counts.map((found) =>
    [
      '',
      found.corpus,
      found.statements,
      found.stableSelects,
      found.accepted === found.stableSelects ? '100%' : percent(found),
      found.missed.length,
      found.wronglyCached.length,
      '',
    ]
      .join(' | ')
      .trim(),
  )
