/** What has changed, and from when on it must be seen by whom. */
import type { Ask, Op } from './requests.ts'
import type { Commit, DatabaseRead } from './model-postgres.ts'
import type { World } from './world.ts'
import type { Named } from './writes.ts'

export interface Change {
  op: Op
  named: Named
  write: boolean
  /** `acknowledged` and `own` (known to its isolate only) have resolved; `unknown` is a write that may commit later. */
  end?: {
    kind: 'acknowledged' | 'own' | 'failed' | 'unknown' | 'unknown-own'
    order: number
    at: number
    /** Its isolate was left to raise a fence for it, on behalf of whatever request comes next; also when it has. */
    owed: boolean
  }
}

/** From when on a change must be seen. `asking`: by reads that ask Redis; `own`: by any read of its isolate. */
export interface Duty {
  clause: string
  order: number
  at: number
  everyone: boolean
  ownAtOnce: boolean
  commits: Commit[] | undefined
}

export function dutiesOf({ op, write, end, named }: Change, ask: Ask, world: World): Duty[] {
  const duties: Duty[] = []
  const commits = write ? op.commits : undefined
  if (end?.kind === 'acknowledged' || end?.kind === 'own')
    duties.push({
      clause: end.kind === 'own' ? 'F4 own' : 'F1/F2',
      order: end.order,
      at: end.at,
      everyone: end.kind === 'acknowledged' && !world.local,
      ownAtOnce: true,
      commits,
    })
  const late = end?.kind === 'unknown' || end?.kind === 'unknown-own'
  if (!late && !op.fencedBeforeSend) return duties
  for (const commit of op.commits) {
    if (fenceLost(op, named, ask, commit, end?.owed ?? false, world)) continue
    const one = { ownAtOnce: false, commits: [commit] }
    if (late)
      duties.push({
        ...one,
        clause: 'F4 ambiguous',
        order: Math.max(end.order, commit.order),
        at: Math.max(end.at, commit.at),
        everyone: end.kind === 'unknown' && !world.local,
      })
    if (op.fencedBeforeSend)
      duties.push({ ...one, clause: 'F4 fenced', order: commit.order, at: commit.at, everyone: true })
  }
  return duties
}

/**
 * A fence raised for this write that is lost between its raising and the commit cannot tell of it: docs/consistency.md, limits. The writer
 * has raised it, or, where it is `owed`, any later request of the writer's isolate. Another isolate's fence is no excuse.
 */
function fenceLost(op: Op, named: Named, ask: Ask, commit: Commit, owed: boolean, world: World): boolean {
  const tables = (named.tables ?? []).map((table) => `:t:public.${table}`)
  const ends = [':*', ...(ask.options.tagsOnly ? versionsOf(ask).tag : tables)]
  const fences = (key: string) => ends.some((end) => key.includes(`${end}:`))
  const { raised, store } = world.redis
  return store.lostFences.some(
    (lost) =>
      lost.order > op.startOrder &&
      lost.order < commit.order &&
      fences(lost.key) &&
      raised.some(
        (by) =>
          by.key === lost.key &&
          by.order < lost.order &&
          (by.op === op || (owed && by.isolate === op.isolate && by.order > op.startOrder)),
      ),
  )
}

export const concerns = ({ tables = [], tags = [], keys = [] }: Named, ask: Ask): boolean =>
  tables.some((table) => ask.tables.includes(table)) ||
  tags.some((tag) => ask.tags.includes(tag)) ||
  keys.some((key) => key === '*' || (ask.key !== undefined && covers(key, ask.key)))

const covers = (pattern: string, key: string): boolean =>
  pattern.endsWith(':*') ? key.startsWith(pattern.slice(0, -1)) : key === pattern || key.startsWith(`${pattern}:`)

export function isOlder(read: DatabaseRead, change: Change, { commits }: Duty): boolean {
  if (commits === undefined) return read.sentOrder < change.op.startOrder
  return commits.some((commit) => read.snapshotOrder < commit.order)
}

/** The ends of the keys of the versions that a question depends on, worked out apart from the sources. */
export function versionsOf(ask: Ask): { table: string[]; tag: string[]; key: string[] } {
  const bucket = (text: string, buckets: number) => hash(text) % buckets
  const keys: string[] = []
  if (ask.key !== undefined) {
    keys.push(`:k:${bucket(`=${ask.key}`, 1024)}`)
    const parts = ask.key.split(':')
    for (let i = 1; i < parts.length; i++) keys.push(`:k:${bucket(`<${parts.slice(0, i).join(':')}`, 1024)}`)
  }
  return {
    table: [':*', ...ask.tables.map((table) => `:t:public.${table}`)],
    tag: ask.tags.map((tag) => `:g:${bucket(tag, 4096)}`),
    key: keys,
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let state = 0x811c9dc5
  for (const char of text) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193)
  return state >>> 0
}
