/**
 * What a statement reads, changes and depends on, from PostgreSQL's own parse tree.
 * @module
 */
import type { Nature } from './functions.ts'

type Node = Record<string, unknown>
export type Name = { schema: string | undefined; name: string }

/** Why a result is not a function of its tables, parameters and settings. `identity` and `catalog` are told apart: a reader may judge either way. */
export type Doubt =
  | 'clock'
  | 'volatile function'
  | 'unknown function'
  | 'catalog'
  | 'identity'
  | 'sampling'
  | 'locking'
  | 'cursor'
  | 'special date'
  | 'perhaps a date'
  | 'catalog type'
  | 'no query'
  | 'write'

export interface Expected {
  reads: Name[]
  writes: Name[]
  doubts: Set<Doubt>
}

const SPECIAL = /(?:^|[^a-z])(?:now|today|tomorrow|yesterday)(?![a-z])/i
const TIME_TYPE = /^(date|time|timetz|timestamp|timestamptz|tsrange|tstzrange|daterange|\w+multirange|abstime)$/
const IDENTITY_OPS = /USER|ROLE|CATALOG|SCHEMA/
/** Views over functions of the server's: what it does, not what its schema is. */
const SERVER_STATE =
  /^pg_(stat_|statio_|stats|locks$|settings$|cursors$|prepared_|timezone_|sequences$|replication_|shmem_|backend_|largeobject|hba_|ident_|file_settings$|config$|available_)/
const CATALOG_TYPE = /^reg(class|proc|procedure|oper|operator|type|role|namespace|collation)$/

export class Walk {
  readonly expected: Expected = { reads: [], writes: [], doubts: new Set() }
  readonly #natures: ReadonlyMap<string, Nature>
  #visible: readonly string[] = []

  constructor(natures: ReadonlyMap<string, Nature>) {
    this.#natures = natures
  }

  statement(node: Node): Expected {
    const [type, body] = Object.entries(node)[0] as [string, Node]
    if (type === 'SelectStmt') this.#query(body)
    else if (/^(Insert|Update|Delete|Merge)Stmt$/.test(type)) this.#modification(body)
    else this.#utility(type, body)
    return this.expected
  }

  #utility(type: string, body: Node): void {
    const { doubts, writes } = this.expected
    doubts.add('no query')
    const relations = (list: unknown) =>
      ((list as Node[]) ?? []).map((item) => nameOf((item['RangeVar'] ?? item) as Node))
    switch (type) {
      case 'ExplainStmt': {
        const analyzes = ((body['options'] as Node[]) ?? []).some((option) => {
          const { defname, arg } = option['DefElem'] as Node
          return (
            /^analy[sz]e$/.test(defname as string) && !/false|off|"ival":0|:\{\}/i.test(JSON.stringify(arg ?? 'on'))
          )
        })
        this.any(body['query'])
        if (!analyzes) writes.length = 0
        return
      }
      case 'TruncateStmt':
        writes.push(...relations(body['relations']))
        return
      case 'CopyStmt':
        if (body['is_from']) writes.push(...relations([body['relation']]))
        else if (body['relation']) this.any({ RangeVar: body['relation'] })
        this.any(body['query'])
        return
      case 'RefreshMatViewStmt':
        writes.push(...relations([body['relation']]))
        return
      case 'PrepareStmt':
      case 'DeclareCursorStmt':
        this.any(body['query'])
        return
    }
  }

  any(value: unknown): void {
    if (Array.isArray(value)) for (const item of value as unknown[]) this.any(item)
    else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value as Node)) {
        if (/^[A-Z]/.test(key)) this.#node(key, inner as Node)
        else if (key === 'larg' || key === 'rarg') this.#query(inner as Node)
        else this.any(inner)
      }
  }

  #node(type: string, body: Node): void {
    const { doubts } = this.expected
    switch (type) {
      case 'SelectStmt':
        return this.#query(body)
      case 'InsertStmt':
      case 'UpdateStmt':
      case 'DeleteStmt':
      case 'MergeStmt':
        return this.#modification(body)
      case 'RangeVar':
        return this.#relation(body)
      case 'FuncCall':
        this.#call(body)
        break
      case 'SQLValueFunction':
        doubts.add(IDENTITY_OPS.test(body['op'] as string) ? 'identity' : 'clock')
        break
      case 'RangeTableSample':
        doubts.add('sampling')
        break
      case 'CurrentOfExpr':
        doubts.add('cursor')
        break
      case 'TypeCast':
        this.#cast(body)
        break
      case 'A_Const':
        this.#constant(body)
        break
    }
    this.any(body)
  }

  #query(body: Node): void {
    const visible = this.#visible
    this.#with(body['withClause'] as Node | undefined)
    const { withClause: _, lockingClause, intoClause, ...rest } = body
    if (lockingClause) this.expected.doubts.add('locking')
    if (intoClause) {
      this.expected.doubts.add('write')
      this.expected.writes.push(nameOf((intoClause as Node)['rel'] as Node))
    }
    this.any(rest)
    this.#visible = visible
  }

  #modification(body: Node): void {
    this.expected.doubts.add('write')
    const visible = this.#visible
    this.#with(body['withClause'] as Node | undefined)
    const { withClause: _, relation, ...rest } = body
    this.expected.writes.push(nameOf(relation as Node))
    this.any(rest)
    this.#visible = visible
  }

  /** A recursive list sees all its names everywhere, any other list only those before. */
  #with(clause: Node | undefined): void {
    if (!clause) return
    const tables = (clause['ctes'] as Node[]).map((cte) => cte['CommonTableExpr'] as Node)
    const names = tables.map((cte) => cte['ctename'] as string)
    if (clause['recursive']) this.#visible = [...this.#visible, ...names]
    for (const [index, cte] of tables.entries()) {
      this.any(cte['ctequery'])
      if (!clause['recursive']) this.#visible = [...this.#visible, names[index] as string]
    }
  }

  #relation(body: Node): void {
    const name = nameOf(body)
    if (name.schema === undefined && this.#visible.includes(name.name)) return
    if (
      /^(pg_catalog|information_schema|pg_toast.*)$/.test(name.schema ?? '') ||
      (!name.schema && name.name.startsWith('pg_'))
    )
      this.expected.doubts.add(SERVER_STATE.test(name.name) ? 'volatile function' : 'catalog')
    this.expected.reads.push(name)
  }

  #call(body: Node): void {
    const parts = (body['funcname'] as Node[]).map((part) => (part['String'] as Node)['sval'] as string)
    const [schema, name] = parts.length > 1 ? parts.slice(-2) : [undefined, parts[0]]
    const { doubts } = this.expected
    if (schema === 'auth' && name === 'uid') return void doubts.add('identity')
    const nature = schema === undefined || schema === 'pg_catalog' ? this.#natures.get(name as string) : undefined
    if (nature === undefined) doubts.add('unknown function')
    else if (nature === 'state' || (name === 'age' && ((body['args'] as unknown[]) ?? []).length < 2))
      doubts.add('volatile function')
    else if (nature !== 'arguments') doubts.add(nature)
  }

  /** It becomes a date where the other operand is one, which the text does not tell. */
  #constant(body: Node): void {
    const text = (body['sval'] as Node | undefined)?.['sval'] as string | undefined
    if (text !== undefined && SPECIAL.test(text)) this.expected.doubts.add('perhaps a date')
  }

  #cast(body: Node): void {
    const names = ((body['typeName'] as Node)['names'] as Node[]) ?? []
    const type = (names.at(-1)?.['String'] as Node | undefined)?.['sval'] as string
    if (CATALOG_TYPE.test(type)) this.expected.doubts.add('catalog type')
    const constant = (body['arg'] as Node | undefined)?.['A_Const'] as Node | undefined
    const text = (constant?.['sval'] as Node | undefined)?.['sval'] as string | undefined
    if (text !== undefined && TIME_TYPE.test(type) && SPECIAL.test(text)) this.expected.doubts.add('special date')
  }
}

const nameOf = (rangeVar: Node): Name => ({
  schema: rangeVar['schemaname'] as string | undefined,
  name: rangeVar['relname'] as string,
})
