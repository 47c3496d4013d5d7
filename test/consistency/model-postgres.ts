/** A Postgres whose rows say which read brought them, and which tells the judge of every commit. */
import type { Database, DatabaseResult, Statement } from '../../src/types.js'
import type { Op } from './requests.ts'
import type { World } from './world.ts'
import { alive, context } from './virtual-time.ts'

export interface DatabaseRead {
  id: number
  op: Op
  sql: string
  params: readonly unknown[]
  /** When it was sent, and when the database looked. */
  sentOrder: number
  sentAt: number
  snapshotOrder: number
}

export interface Commit {
  order: number
  at: number
  tables: string[]
}

export const TABLES = ['users', 'posts', 'notes', 'plans']
/** Errors after which a write may have happened all the same, and those that say it has not. */
const UNKNOWN_ENDS = [undefined, '08006', '57P01', '40003', '58030', 'XX000']
const REFUSALS = ['23505', '40001', '57014']
/** What the text does not explain, and what may have committed a part before it failed. */
const UNEXPLAINED = /^(CALL|DO|SELECT refresh_all)\b/
const PARTLY = /^(CALL|DO)\b/

export class ModelPostgres {
  readonly reads: DatabaseRead[] = []
  /** What it has failed with: these very objects, and no others, may reach a caller. */
  readonly errors = new WeakSet<object>()
  readonly #fencedWriters = new Map<Op, string[]>()
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  client(identity: string): Database {
    const run = (statements: readonly Statement[], timeoutMs: number | undefined) =>
      this.#trip(statements, timeoutMs ?? 4000)
    return {
      identity,
      invalidationIdentity: 'model/db',
      needsScope: false,
      parser: () => Number,
      run: async (statement, options) => (await run([statement], options?.timeoutMs))[0]!,
      transaction: (statements, options) => run(statements, options?.timeoutMs),
    }
  }

  #trip(statements: readonly Statement[], timeoutMs: number): Promise<DatabaseResult[]> {
    const of = context.getStore() as Op
    const { time, trace } = this.#world
    trace(of, `postgres <- ${statements.map(({ sql }) => sql).join('; ')}`)
    const op = of
    const writes = statements.some(({ sql }) => !sql.startsWith('SELECT') || UNEXPLAINED.test(sql))
    const failure = (what: string, code: string | undefined) => {
      const error = Object.assign(new Error(what), { code })
      this.errors.add(error)
      return error
    }
    return new Promise((resolve, reject) => {
      let open = true
      const end = (run: () => void) => () => {
        if (!open || !alive(of)) return
        open = false
        run()
      }
      time.after(
        timeoutMs,
        end(() => reject(failure('the database did not answer', 'DATABASE_TIMEOUT'))),
      )
      const answer = (ms: number, results: DatabaseResult[]) =>
        time.after(
          ms,
          end(() => ((op.databaseAnswered = true), resolve(results))),
        )
      const fail = (ms: number, code?: string) =>
        time.after(
          ms,
          end(() => reject(failure('model failure', code))),
        )
      if (writes) this.#write(of, statements, answer, fail)
      else this.#read(of, statements, answer, fail)
    })
  }

  #read(
    of: Op,
    statements: readonly Statement[],
    answer: (ms: number, results: DatabaseResult[]) => void,
    fail: (ms: number, code?: string) => void,
  ): void {
    const { time, chance, faults, count, trace } = this.#world
    const reads = statements.map(({ sql, params }) => {
      const read: DatabaseRead = {
        id: this.reads.length,
        op: of,
        sql,
        params,
        sentOrder: time.mark(),
        sentAt: time.now,
        snapshotOrder: Infinity,
      }
      this.reads.push(read)
      return read
    })
    const slow = () =>
      chance.of(faults.slowRead) ? chance.between(100, chance.of(0.3) ? 2500 : 600) : chance.between(1, 30)
    time.after(slow(), () => {
      for (const read of reads) read.snapshotOrder = time.mark()
      trace(of, `postgres == read ${reads.map(({ id }) => `#${id}`).join(' ')}`)
      if (of.aim !== 'read-fails' && !chance.of(faults.readFails)) return answer(slow(), reads.map(resultOf))
      count('fault: database read failed')
      if (chance.of(0.7)) fail(1, chance.pick(['57014', ...UNKNOWN_ENDS]))
    })
  }

  #noteOverlap(op: Op, tables: string[]): void {
    if (!op.fencedBeforeSend) return
    for (const [other, its] of this.#fencedWriters)
      if (other.endOrder !== undefined || !alive(other)) this.#fencedWriters.delete(other)
      else if (its.some((table) => tables.includes(table))) this.#world.count('two fenced writers on one table')
    this.#fencedWriters.set(op, tables)
  }

  #write(
    of: Op,
    statements: readonly Statement[],
    answer: (ms: number, results: DatabaseResult[]) => void,
    fail: (ms: number, code?: string) => void,
  ): void {
    const { time, chance, faults, count, trace, fenceMs } = this.#world
    const op = of
    op.sent = (op.sent ?? 0) + 1
    op.fencedBeforeSend = op.fenceAcknowledged !== undefined
    const tables = statements.flatMap(({ sql }) => tablesOf(sql))
    this.#noteOverlap(op, tables)
    const commit = (ms: number, then: () => void) =>
      time.after(ms, () => {
        op.commits.push({ order: time.mark(), at: time.now, tables })
        trace(of, `postgres == COMMIT ${tables.join(', ')}`)
        then()
      })
    const kind = chance.next()
    const results = statements.map(() => ({ raw: true as const, fields: [], rows: [], rowCount: 1, command: 'UPDATE' }))
    if (op.aim === 'ambiguous' || (!op.aim && kind < faults.ambiguous)) {
      const early = op.aim === undefined && chance.of(0.4)
      const at = op.takesMs ?? (early ? chance.between(1, 20) : chance.between(1, fenceMs * 0.8))
      count('ambiguous write')
      if (op.takesMs !== undefined || chance.of(0.75))
        commit(at, () => count(early ? 'ambiguous write: committed before' : 'ambiguous write: committed late'))
      else count('ambiguous write: never committed')
      // Or it hangs until it is given up.
      if (!op.aim && chance.of(0.5)) return
      const code = chance.pick(UNKNOWN_ENDS)
      count(`ambiguous write: ${code ?? 'no code'}`)
      fail(chance.between(5, op.aim ? 50 : 400), code)
    } else if (
      op.aim === 'refused' ||
      (!op.aim && kind < faults.ambiguous + (PARTLY.test(statements[0]!.sql) ? 0.3 : 0.03))
    ) {
      count('write refused by the database')
      op.refused = true
      const at = chance.between(2, 20)
      if (PARTLY.test(statements[0]!.sql) && chance.of(0.5)) commit(at, () => count('write refused: a part committed'))
      fail(at + 1, chance.pick(REFUSALS))
    } else {
      const slow = op.aim === 'slow' || op.aim === 'orphan' || chance.of(faults.slowWrite)
      if (slow) count('slow write')
      commit(op.takesMs ?? (slow ? chance.between(200, 2500) : chance.between(1, 25)), () => {
        if (this.#dies(op)) trace(of, 'DIES between commit and invalidation')
        answer(chance.between(1, 20), results)
      })
    }
  }

  #dies(op: Op): boolean {
    const { chance, faults, count } = this.#world
    const { aim, isolate, request = op } = op
    const random = isolate.fenced ? faults.dieAfterCommit : faults.dieAfterCommit / 3
    if (!chance.of(aim === 'orphan' ? 1 : aim === 'slow' ? 0.3 : random)) return false
    count(op.fencedBeforeSend ? 'fenced writer died after its commit' : 'writer died after its commit')
    if (aim !== 'orphan' && chance.of(0.5)) this.#world.kill(isolate)
    else request.dead = true
    return true
  }
}

export const tablesOf = (sql: string): string[] =>
  UNEXPLAINED.test(sql) ? TABLES : [...sql.matchAll(/\b(?:FROM|JOIN|UPDATE) (\w+)/g)].map(([, table]) => table!)

const resultOf = ({ id }: DatabaseRead): DatabaseResult => ({
  raw: true,
  fields: [{ name: 'read', dataTypeID: 23 }],
  rows: [[String(id)]],
  rowCount: 1,
  command: 'SELECT',
})
