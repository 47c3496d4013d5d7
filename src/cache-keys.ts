/**
 * Builders of readable custom keys. `:` separates the parts that can be invalidated as a prefix (`table:users:*`); inside a value it
 * is percent-encoded, so that no value makes two keys meet.
 * @module
 */
import { anyText, check, isObject, list } from './rules.js'

export type KeyValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Date
  | readonly KeyValue[]
  | { readonly [name: string]: KeyValue }

const RESERVED = /[%:,=*?"()[\]{}\s\p{C}]/gu

const escaped = (name: string, given: string): string => {
  check(name, given, anyText)
  return given.replace(RESERVED, (c) => {
    const code = c.charCodeAt(0).toString(16)
    // A lone surrogate has no UTF-8 form; its code unit stands for it. `encodeURIComponent` leaves *, ( and ).
    if (/\p{Cs}/u.test(c)) return `%u${code}`
    return /[*()]/.test(c) ? `%${code.toUpperCase()}` : encodeURIComponent(c)
  })
}

function written(name: string, value: KeyValue, depth = 0): string {
  if (typeof value === 'string') return `"${escaped(name, value)}"`
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (value === null || value === undefined || typeof value === 'boolean') return String(value)
  if (value instanceof Date)
    return `date(${Number.isNaN(value.getTime()) ? 'invalid' : escaped(name, value.toISOString())})`
  check(name, value, [() => depth < DEEPEST && (Array.isArray(value) || isPlain(value)), 'plain data or Dates'])
  if (Array.isArray(value))
    return `[${Array.from(value as KeyValue[], (item) => written(name, item, depth + 1)).join(',')}]`
  return `{${properties(name, value as { [name: string]: KeyValue }, depth + 1)}}`
}

/** Deeper values are taken for what holds itself. */
const DEEPEST = 100

/** Maps, sets and other classes have no properties that would tell two of them apart. */
function isPlain(value: unknown): boolean {
  const prototype: unknown = isObject(value) && Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** `name=value` in the order of the names; properties that are `undefined` are not set. */
function properties(of: string, object: { readonly [name: string]: KeyValue }, depth = 0): string {
  return Object.keys(object)
    .filter((name) => object[name] !== undefined)
    .sort()
    .map((name) => `${escaped(of, name)}=${written(of, object[name], depth)}`)
    .join(',')
}

function filterPart(filters: { readonly [name: string]: KeyValue } = {}): string {
  check('filters', filters, [isPlain, 'an object of plain data or Dates'])
  const text = properties('filters', filters)
  return text === '' ? '' : `:filter:${text}`
}

/** Each throws an `InvalidOptionError` for what cannot be part of a key. */
export const QueryCacheUtils = {
  /** `table:users:filter:active=true`. */
  createTableCacheKey: (table: string, filters?: { readonly [name: string]: KeyValue }): string =>
    `table:${escaped('table', table)}${filterPart(filters)}`,

  /** `agg:orders:sum_revenue:by:status:filter:date_range="2024-01"`. The order of `groupBy` counts. */
  createAggregationCacheKey: (
    table: string,
    aggregation: string,
    groupBy: readonly string[] = [],
    filters?: { readonly [name: string]: KeyValue },
  ): string => {
    check('groupBy', groupBy, list)
    const by = Array.from(groupBy, (column) => escaped('groupBy', column)).join(',')
    return `agg:${escaped('table', table)}:${escaped('aggregation', aggregation)}${groupBy.length > 0 ? `:by:${by}` : ''}${filterPart(filters)}`
  },

  /** `ts:audit_events:created_at:<from>:<to>:hour`, times in UTC. */
  createTimeSeriesCacheKey: (
    table: string,
    timeColumn: string,
    from: Date,
    to: Date,
    interval: string,
    filters?: { readonly [name: string]: KeyValue },
  ): string =>
    `ts:${escaped('table', table)}:${escaped('timeColumn', timeColumn)}:${written('from', from)}:${written('to', to)}:${escaped('interval', interval)}${filterPart(filters)}`,
} as const
