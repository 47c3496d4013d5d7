/**
 * Wire text, column by column -> rows of the caller's own, as the driver would have made them.
 * @module
 */
import { copyOf, inspect, isPrimitive, trustIn, UNCOPYABLE } from './copy.js'
import type { Row, Shallow } from './copy.js'
import { fits, nextColumn, nextSpread, recipeFor } from './recipes.js'
import type { CopyColumn, Recipe } from './recipes.js'
import type { Field } from '../types.js'
import { columnsFrom } from './columns.js'
import type { RowsBody, RowsPayload } from './payload.js'
import { bodyBytes, columnsBytes, shapeBytes } from '../weight.js'
import { quickParser } from './timestamps.js'

type Parser = (text: string) => unknown

type Columns = RowsPayload['columns']

/** A column with values that no two callers may share. */
interface Mutable {
  readonly name: string
  /** Its place among the columns. */
  readonly at: number
  /** How all of them are copied, where that is the same. */
  readonly recipe: Recipe | undefined
  readonly copy: CopyColumn
}

/** What results with the same columns have in common. They share it. */
export interface Shape {
  readonly fields: Field[]
  /** Without those that a later one of the same name hides. */
  readonly columns: readonly { readonly name: string; readonly at: number; readonly oid: number }[]
  readonly blank: Row
  /** A row with the same values. */
  readonly copy: Shallow
  mutable: readonly Mutable[]
  /** How values of its columns are copied. */
  readonly recipes: Recipe[]
  /** Bytes that no entry counts yet: the first one that has it does. */
  uncounted: number
}

/** The latest shapes of a cache's results, within so many bytes. */
export class Shapes {
  readonly #known = new Map<string, Shape>()
  readonly #most: number
  #latest: Shape | undefined
  #bytes = 0

  constructor(most: number) {
    this.#most = most
  }

  /** The shape of rows with these columns. One that is too large to be remembered is its entry's own. */
  of(fields: Field[]): Shape {
    const latest = this.#latest
    if (latest && sameFields(latest.fields, fields)) return latest
    let key = ''
    for (const { name, dataTypeID } of fields) key += `${dataTypeID} ${name}\0`
    const known = this.#known.get(key)
    if (known && sameFields(known.fields, fields)) return (this.#latest = known)
    const shape = shapeOf(fields)
    if (shape.uncounted > this.#most) return shape
    if (this.#bytes + shape.uncounted > this.#most) {
      this.#known.clear()
      this.#bytes = 0
    }
    this.#known.set(key, shape)
    this.#bytes += shape.uncounted
    return (this.#latest = shape)
  }
}

function shapeOf(fields: Field[]): Shape {
  const names = fields.map(({ name }) => name)
  const columns = fields.map(({ name, dataTypeID: oid }, at) => ({ name, at, oid }))
  // A name such as `__proto__` is a property of its own.
  const blank = JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:0`).join()}}`) as Row
  // Properties that have held a number, a text and nothing hold anything from now on: V8 gives their copies no other layout later.
  for (const value of [0.5, '', null]) for (const name of names) blank[name] = value
  const last = new Map(names.map((name, at) => [name, at]))
  return {
    fields,
    columns: columns.filter(({ name, at }) => last.get(name) === at),
    blank,
    copy: nextSpread(),
    mutable: [],
    recipes: [],
    uncounted: shapeBytes(names),
  }
}

const sameFields = (a: readonly Field[], b: readonly Field[]): boolean =>
  a.length === b.length && a.every(({ name, dataTypeID }, i) => name === b[i]!.name && dataTypeID === b[i]!.dataTypeID)

/**
 * Parses the text at each read, until it is told to keep what it parses and to hand out copies: new rows with new mutable values at every read
 * (F7). Rows are as the driver would have made them: of columns with one name the last one wins, at the place of the first.
 */
export class WireRows {
  protected readonly payload: Pick<RowsPayload, 'fields' | 'rowCount' | 'command' | 'length'>
  private columns: Columns | undefined
  private body: RowsBody | undefined
  private readonly database: { parser(oid: number): Parser }
  private readonly shape: Shape
  /** `undefined`: nobody has read again. `false`: what is parsed takes too much to be kept. */
  private kept: boolean | undefined = undefined
  private parsed: readonly Row[] | undefined = undefined
  private mutable: readonly Mutable[] = []

  constructor(
    { fields, rowCount, command, length, columns, body }: RowsPayload,
    database: { parser(oid: number): Parser },
    shape = shapeOf(fields),
  ) {
    this.payload = { fields, rowCount, command, length }
    this.columns = columns
    this.body = body
    this.database = database
    this.shape = shape
  }

  /**
   * Many a result is read once, and what it is parsed to takes more memory than its text. Who reads again says so: from then on it is kept,
   * unless that takes more than so many bytes. @returns the bytes that it takes.
   */
  keep(most: number): number {
    if (this.kept !== undefined) return 0
    const { body, payload } = this
    const columns = this.texts()
    const before = body ? bodyBytes(body) : columnsBytes(payload, columns, false)
    const bytes = columnsBytes(payload, columns, true, body !== undefined) - before
    this.kept = bytes <= most
    if (!this.kept) return 0
    this.columns = columns
    this.body = undefined
    return bytes
  }

  /** What was written takes the place of the columns, where it is smaller and nobody has read again. @returns the bytes that it takes. */
  rest(body: RowsBody): number {
    const { columns } = this
    if (this.kept || !columns) return 0
    const bytes = bodyBytes(body) - columnsBytes(this.payload, columns, false)
    // A few cells take less than what holds a body.
    if (bytes >= 0) return 0
    this.columns = undefined
    this.body = body
    return bytes
  }

  /** The rows, once; from then on there are columns only if there is nothing else. Throws where a later read would. */
  protected once(): Row[] {
    const rows = this.parse()
    if (this.body) this.columns = undefined
    return rows
  }

  rows(): Row[] {
    if (!this.kept) return this.parse()
    const rows = (this.parsed ??= this.parse(true))
    const copies = rows.map(this.shape.copy)
    for (const column of this.mutable) {
      const { name, recipe, copy } = column
      if (recipe) copy(copies, name, recipe)
      else for (let i = 0; i < rows.length; i++) copies[i]![name] = this.fresh(rows[i]!, rows[i]![name], column, i)
    }
    return copies
  }

  private texts(): Columns {
    return this.columns ?? columnsFrom(this.body!)!.columns
  }

  private parse(keep = false): Row[] {
    const columns = this.texts()
    const { length } = this.payload
    const { shape } = this
    const { blank, copy, columns: places } = shape
    const rows = new Array<Row>(length).fill(blank).map(copy)
    const mutable: Omit<Mutable, 'copy'>[] = []
    for (const { name, at, oid } of places) {
      const texts = columns[at]!
      const parse = this.parser(oid)
      const trust = keep && trustIn(parse)
      let plain = true
      let recipe: Recipe | undefined
      let first = true
      for (let row = 0; row < length; row++) {
        const text = texts[row]!
        if (text === null) continue
        const value = parse(text)
        if (value === null) continue
        rows[row]![name] = value
        if (!trust) continue
        if (isPrimitive(value)) recipe = undefined
        else {
          plain = false
          if (trust.left > 0) inspect(value as object, trust)
          if (!(recipe && fits(value, recipe))) recipe = first ? recipeFor(value, shape.recipes) : undefined
        }
        first = false
      }
      if (!trust) continue
      if (trust.odd) for (const row of rows) if (!isPrimitive(row[name])) row[name] = USED
      if (!plain) mutable.push({ name, at, recipe: trust.odd ? undefined : recipe })
    }
    if (keep) this.mutable = this.shared(mutable)
    return rows
  }

  /** Most results of a statement have values of the same kinds. */
  private shared(mutable: readonly Omit<Mutable, 'copy'>[]): readonly Mutable[] {
    const { shape } = this
    const same = ({ at, recipe }: Omit<Mutable, 'copy'>, i: number) =>
      shape.mutable[i]?.at === at && shape.mutable[i].recipe === recipe
    if (mutable.length !== shape.mutable.length || !mutable.every(same))
      shape.mutable = mutable.map((one) => ({ ...one, copy: nextColumn() }))
    return shape.mutable
  }

  private parser(oid: number): Parser {
    return quickParser(oid, this.database.parser(oid))
  }

  /** What the caller gets of a value that is kept, and what is kept of it. */
  private fresh(kept: Row, value: unknown, { name, at }: Mutable, row: number): unknown {
    if (isPrimitive(value))
      return value === USED ? this.parser(this.payload.fields[at]!.dataTypeID)(this.columns![at]![row]!) : value
    const copy = copyOf(value)
    if (copy !== UNCOPYABLE) return copy
    // The first caller gets what was parsed, and each later one a value that is parsed for him.
    kept[name] = USED
    return value
  }
}

/** In place of a value that was handed out, or that cannot be copied: it is parsed again. */
const USED = Symbol('used')
