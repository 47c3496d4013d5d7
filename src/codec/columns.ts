/**
 * Rows as wire text <-> bytes, column by column. Numbers and times are written as a table of characters, turned: like stands beside
 * like, nothing separates them, and a compressor makes a quarter less of them. All other cells are joined by a separator.
 * @module
 */
import { fromUtf8 } from './utf8.js'
import { NotCacheableError } from './payload.js'
import type { RowsBody, RowsPayload } from './payload.js'
import { joined } from './compress.js'
import { ASCII } from '../weight.js'

type Texts = readonly (string | null)[]

const SPACE = 32

/** Separates cells: Postgres' text has no NUL. A short text, which is seldom compressed, has one that JSON need not escape. */
const NUL = '\0'
const SHORT = 4096
/** Before a cell that is empty or begins with it. NULL is an empty cell. */
const ESCAPE = 1
const ESCAPED = String.fromCharCode(ESCAPE)

/** Rows below which columns are not turned. */
const FEW = 8

/**
 * The turned columns, and the text of the others. `turn`: whether any are, which pays for what is compressed.
 * @throws NotCacheableError for what would come back as something else
 */
export function columnsToText(payload: RowsPayload, turn: boolean): { table: Uint8Array; text: string } {
  const { fields, rowCount, command, length, columns } = payload
  const tables: Uint8Array[] = []
  let table = 0
  // Rows without columns take their room too: nobody is told of more rows than there are characters.
  const cells = new Array<string>(fields.length ? 0 : length).fill('')
  const layout = fields.map(({ dataTypeID }, i) => {
    const turned = turn && length >= FEW ? turnedColumn(dataTypeID, columns[i]!) : undefined
    if (!turned) {
      for (const text of columns[i]!) cells.push(cellText(text))
      return dataTypeID
    }
    tables.push(turned)
    table += turned.length
    return `${dataTypeID}.${turned.length / length}`
  })
  // What no Postgres says, but a database of the user's own may.
  if (![rowCount ?? 0, ...fields.map(({ dataTypeID }) => dataTypeID)].every((one) => /^\d{1,10}$/.test(`${one}`)))
    throw new NotCacheableError()
  const head = ['', command, String(rowCount ?? ''), String(length), layout.join(), ...fields.map(({ name }) => name)]
  return { table: joined(tables, table), text: separated(head.concat(cells)) }
}

const cellText = (text: string | null): string =>
  text === null ? '' : text.charCodeAt(0) > ESCAPE ? text : ESCAPED + text

/** The parts with a separator before each. Throws where one holds it itself. */
function separated(parts: readonly string[]): string {
  const text = parts.join(NUL)
  if (text.split(NUL).length !== parts.length) throw new NotCacheableError()
  if (text.length > SHORT) return text
  const separator = ['|', '~', '^'].find((one) => !text.includes(one))
  return separator === undefined ? text : parts.join(separator)
}

/** All first characters, then all second ones, and so on; `undefined` where that does not pay or a cell is not of the kind. */
function turnedColumn(oid: number, texts: Texts): Uint8Array | undefined {
  const { length } = texts
  const made = ASCII[oid]
  if (made === undefined) return undefined
  // Floats and dates, of which drivers make objects, end where they will; whole numbers begin so.
  const left = made > 0
  let width = 0
  let total = 0
  for (const text of texts) {
    if (text === null) continue
    // An empty cell is NULL, and spaces at the ends are none of its text.
    if (!(text.charCodeAt(0) > SPACE && text.charCodeAt(text.length - 1) > SPACE)) return undefined
    total += text.length
    if (text.length > width) width = text.length
  }
  // A turned column of nothing but NULL would have no characters for its rows.
  if (width === 0 || width * length > total * 1.25 + length) return undefined
  if (width > 3 && length >= 100 && repeats(texts)) return undefined
  const bytes = new Uint8Array(width * length).fill(SPACE)
  let units = 0
  for (let row = 0; row < length; row++) {
    const text = texts[row]!
    if (text === null) continue
    let at = row + (left ? 0 : (width - text.length) * length)
    for (let i = 0; i < text.length; i++, at += length) {
      const unit = text.charCodeAt(i)
      units |= unit
      bytes[at] = unit
    }
  }
  return units < 128 ? bytes : undefined
}

/** Whether a sample of the cells has many twice: then they are shorter as references to one another. */
function repeats(texts: Texts): boolean {
  const step = Math.ceil(texts.length / 128)
  const different = new Set<string | null>()
  let taken = 0
  for (let row = 0; row < texts.length; row += step, taken++) different.add(texts[row]!)
  return different.size < taken * 0.8
}

/** What `columnsToText` was given, from what it made. `undefined` when the parts do not add up. Throws for what is no UTF-8. */
export function columnsFrom({ table, text: given }: RowsBody): RowsPayload | undefined {
  const text = typeof given === 'string' ? given : fromUtf8(given)
  const parts = text.split(text[0]!)
  const rowCount = parts[2]!
  const rows = parts[3]!
  // NaN equals nothing.
  const length = /^\d{0,15},\d{1,9}$/.test(`${rowCount},${rows}`) ? Number(rows) : NaN
  const widths = widthsOf(parts[4]!)
  if (!addUp(widths, length, table.length, parts.length)) return undefined
  let at = 5 + widths.length
  let turned = 0
  const mayDiffer = parts.includes('', 5) || text.includes(ESCAPED)
  const columns = widths.map(({ width }) => {
    if (width > 0) return straight(table.subarray(turned, (turned += width * length)), length)
    const cells = parts.slice(at, (at += length))
    // To look at each cell takes longer than to cut it out.
    return mayDiffer ? cells.map(cellOf) : cells
  })
  return {
    kind: 'rows',
    fields: widths.map(({ oid }, i) => ({ name: parts[5 + i]!, dataTypeID: oid })),
    rowCount: rowCount === '' ? null : Number(rowCount),
    command: parts[1]!,
    columns,
    length,
  }
}

/** A column's type, and its width where it is turned, else 0. */
interface Width {
  readonly oid: number
  readonly width: number
}

const LAYOUT = /^(\d{1,10})(?:\.([1-9]\d{0,8}))?$/
/** Results of one statement that are not turned have one layout. */
const known = new Map<string, readonly Width[]>()
const MOST_KNOWN = 100
/** Characters: those of some fifty columns. */
const LONGEST_KNOWN = 256

function widthsOf(layout: string): readonly Width[] {
  let widths = known.get(layout)
  if (widths) return widths
  widths = (layout ? layout.split(',') : []).map((one) => {
    const [, oid, width = 0] = LAYOUT.exec(one) ?? []
    return { oid: Number(oid), width: Number(width) }
  })
  if (!layout || layout.length > LONGEST_KNOWN || layout.includes('.')) return widths
  if (known.size === MOST_KNOWN) known.clear()
  known.set(layout, widths)
  return widths
}

/** Whether there is a character for each cell that is told of, so that nothing larger than they are is made of them. */
function addUp(widths: readonly Width[], length: number, table: number, parts: number): boolean {
  // Without columns there is a part for each row.
  let at = 5 + widths.length + (widths.length > 0 ? 0 : length)
  let turned = 0
  for (let i = 0; i < widths.length; i++) {
    const { oid, width } = widths[i]!
    if (Number.isNaN(oid)) return false
    if (width > 0) turned += width * length
    else at += length
  }
  return turned === table && at === parts
}

const cellOf = (text: string): string | null =>
  text === '' ? null : text.charCodeAt(0) > ESCAPE ? text : text.slice(1)

/** The cells of a turned column. */
function straight(turned: Uint8Array, length: number): (string | null)[] {
  const width = turned.length / length
  const bytes = new Uint8Array(turned.length)
  for (let at = 0, from = 0; at < width; at++)
    for (let to = at; to < bytes.length; to += width) bytes[to] = turned[from++]!
  const text = fromUtf8(bytes)
  const cells = new Array<string | null>(length)
  for (let row = 0; row < length; row++) {
    let from = row * width
    let to = from + width
    while (from < to && bytes[from] === SPACE) from++
    while (from < to && bytes[to - 1] === SPACE) to--
    cells[row] = from < to ? text.slice(from, to) : null
  }
  return cells
}
