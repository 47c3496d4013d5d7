/**
 * Builders of readable custom keys. `:` separates the parts that can be invalidated as a prefix (`table:users:*`); inside a value it
 * is percent-encoded, so that no value makes two keys meet.
 * @module
 */

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

const escaped = (text: string): string =>
  text.replace(RESERVED, (c) => {
    const code = c.charCodeAt(0).toString(16)
    // A lone surrogate has no UTF-8 form; its code unit stands for it. `encodeURIComponent` leaves *, ( and ).
    if (/\p{Cs}/u.test(c)) return `%u${code}`
    return /[*()]/.test(c) ? `%${code.toUpperCase()}` : encodeURIComponent(c)
  })

function written(value: KeyValue): string {
  if (typeof value === 'string') return `"${escaped(value)}"`
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (value === null || value === undefined || typeof value === 'boolean') return String(value)
  if (value instanceof Date) return `date(${Number.isNaN(value.getTime()) ? 'invalid' : escaped(value.toISOString())})`
  if (Array.isArray(value)) return `[${(value as readonly KeyValue[]).map(written).join(',')}]`
  if (typeof value === 'object' && isPlain(value)) return `{${properties(value as { [name: string]: KeyValue })}}`
  throw new TypeError(`A cache key cannot hold this ${typeof value}: give plain data or Dates.`)
}

/** Maps, sets and other classes have no properties that would tell two of them apart. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** `name=value` in the order of the names; properties that are `undefined` are not set. */
function properties(object: { readonly [name: string]: KeyValue }): string {
  return Object.keys(object)
    .filter((name) => object[name] !== undefined)
    .sort()
    .map((name) => `${escaped(name)}=${written(object[name])}`)
    .join(',')
}

const filterPart = (filters: { readonly [name: string]: KeyValue } | undefined): string => {
  const text = filters ? properties(filters) : ''
  return text === '' ? '' : `:filter:${text}`
}

export const QueryCacheUtils = {
  /** `table:users:filter:active=true`. */
  createTableCacheKey: (table: string, filters?: { readonly [name: string]: KeyValue }): string =>
    `table:${escaped(table)}${filterPart(filters)}`,

  /** `agg:orders:sum_revenue:by:status:filter:date_range="2024-01"`. The order of `groupBy` counts. */
  createAggregationCacheKey: (
    table: string,
    aggregation: string,
    groupBy: readonly string[] = [],
    filters?: { readonly [name: string]: KeyValue },
  ): string => {
    const by = groupBy.length > 0 ? `:by:${groupBy.map(escaped).join(',')}` : ''
    return `agg:${escaped(table)}:${escaped(aggregation)}${by}${filterPart(filters)}`
  },

  /** `ts:audit_events:created_at:<from>:<to>:hour`, times in UTC. */
  createTimeSeriesCacheKey: (
    table: string,
    timeColumn: string,
    from: Date,
    to: Date,
    interval: string,
    filters?: { readonly [name: string]: KeyValue },
  ): string => {
    return `ts:${escaped(table)}:${escaped(timeColumn)}:${written(from)}:${written(to)}:${escaped(interval)}${filterPart(filters)}`
  },
} as const
