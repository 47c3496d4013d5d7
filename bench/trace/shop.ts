/**
 * The database: a shop in memory that knows the state of every result. Each row carries `rev`, the number of committed writes that have
 * changed the result it belongs to, so that an answer tells which of them it has not seen.
 */
import { randomOf } from '../lib/workload.ts'
import type { Clock } from './clock.ts'
import type { Read, WriteKind } from './statements.ts'
import { zipf } from './zipf.ts'

export const PRODUCTS = 5_000
export const CATEGORIES = 100
export const USERS = 2_000
const BEST = 20

export const categoryOf = (product: number): number => product % CATEGORIES

export interface Field {
  name: string
  dataTypeID: number
}

interface Result {
  /** When each write committed that changed it, in simulated milliseconds. */
  changes: number[]
  /** Its rows as Neon sends them, made when they are asked for. */
  rows?: string
}

const INT = 23
const TEXT = 25
const NUMERIC = 1700
const TIME = 1184
const column = (name: string, dataTypeID: number): Field => ({ name, dataTypeID })
const product = [column('id', INT), column('category_id', INT), column('title', TEXT), column('price', NUMERIC)]
product.push(column('active', 16), column('created_at', TIME), column('attributes', 3802), column('rev', INT))

export const FIELDS: Readonly<Record<Read, readonly Field[]>> = {
  product,
  category: product,
  reviews: [
    column('id', INT),
    column('product_id', INT),
    column('user_id', INT),
    column('stars', INT),
    column('body', TEXT),
    column('created_at', TIME),
    column('rev', INT),
  ],
  orders: [
    column('id', INT),
    column('user_id', INT),
    column('quantity', INT),
    column('total', NUMERIC),
    column('created_at', TIME),
    column('rev', INT),
    column('title', TEXT),
  ],
  bestSellers: [column('id', INT), column('title', TEXT), column('sum', 20), column('max', INT)],
  totals: [column('category_id', INT), column('count', 20), column('avg', NUMERIC), column('max', INT)],
  latest: [
    column('id', INT),
    column('stars', INT),
    column('body', TEXT),
    column('created_at', TIME),
    column('rev', INT),
    column('title', TEXT),
  ],
}

export const ROWS: Readonly<Record<Read, number>> = {
  product: 1,
  reviews: 20,
  category: 50,
  orders: 20,
  bestSellers: BEST,
  totals: CATEGORIES,
  latest: 10,
}

/** Where a result's revision stands in its rows. */
export const REV: Readonly<Record<Read, string>> = {
  product: 'rev',
  reviews: 'rev',
  category: 'rev',
  orders: 'rev',
  bestSellers: 'max',
  totals: 'max',
  latest: 'rev',
}

export class Shop {
  readonly #clock: Clock
  readonly #results = new Map<string, Result>()
  /** What each user's list of orders shows, the newest first. */
  readonly #ordered: number[][] = []
  #latest: number[] = []

  constructor(clock: Clock, seed: number) {
    this.#clock = clock
    const random = randomOf(seed)
    const popular = zipf(PRODUCTS, 1)
    for (let user = 0; user < USERS; user++)
      this.#ordered.push(Array.from({ length: ROWS.orders }, () => popular(random())))
    this.#latest = Array.from({ length: ROWS.latest }, () => popular(random()))
  }

  /** The commits that have changed a result. `of`: product, category or user. */
  changes(read: Read, of: number): readonly number[] {
    return this.#result(read, of).changes
  }

  /** The rows of a result as JSON. */
  rows(read: Read, of: number): string {
    const result = this.#result(read, of)
    return (result.rows ??= JSON.stringify(rowsOf(read, of, result.changes.length)))
  }

  write(kind: WriteKind, product: number, user: number): void {
    if (kind === 'edit') this.#edit(product)
    else if (kind === 'review') {
      this.#latest = [product, ...this.#latest].slice(0, ROWS.latest)
      this.#change('reviews', product)
      this.#change('latest', 0)
    } else {
      this.#ordered[user] = [product, ...this.#ordered[user]!].slice(0, ROWS.orders)
      this.#change('orders', user)
      if (product < BEST) this.#change('bestSellers', 0)
    }
  }

  /** A new title and price: everything that shows one of them changes. */
  #edit(product: number): void {
    this.#change('product', product)
    this.#change('category', categoryOf(product))
    this.#change('totals', 0)
    if (product < BEST) this.#change('bestSellers', 0)
    if (this.#latest.includes(product)) this.#change('latest', 0)
    this.#ordered.forEach((products, user) => {
      if (products.includes(product)) this.#change('orders', user)
    })
  }

  #change(read: Read, of: number): void {
    const result = this.#result(read, of)
    result.changes.push(this.#clock.now)
    result.rows = undefined
  }

  #result(read: Read, of: number): Result {
    const id = `${read}:${of}`
    let result = this.#results.get(id)
    if (!result) this.#results.set(id, (result = { changes: [] }))
    return result
  }
}

/** The same for the same result in the same state. */
function rowsOf(read: Read, of: number, rev: number): string[][] {
  const random = randomOf(of * 31 + rev)
  const fields = FIELDS[read]
  return Array.from({ length: ROWS[read] }, (_, at) =>
    fields.map((field) => {
      if (field.name === REV[read]) return String(rev)
      if (field.name === 'user_id' && read === 'orders') return String(of)
      return VALUES[field.dataTypeID]!(random, field.name === 'body' ? 24 : 4, at)
    }),
  )
}

const VALUES: Readonly<Record<number, (random: () => number, words: number, at: number) => string>> = {
  16: (random) => (random() < 0.9 ? 't' : 'f'),
  [INT]: (random, _, at) => String(Math.floor(random() * 5_000) + at),
  20: (random) => String(Math.floor(random() * 1e6)),
  [NUMERIC]: (random) => (random() * 500).toFixed(2),
  [TIME]: (random) =>
    `2026-01-0${1 + Math.floor(random() * 4)} 1${Math.floor(random() * 10)}:20:3${Math.floor(random() * 10)}.25+00`,
  3802: (random) =>
    `{"color": "${sentence(random, 1)}", "weight": ${Math.floor(random() * 900)}, "tags": ["${sentence(random, 1)}"]}`,
  [TEXT]: (random, words) => sentence(random, words),
}

function sentence(random: () => number, words: number): string {
  let text = ''
  for (let at = 0; at < words; at++) text += `${at > 0 ? ' ' : ''}${WORDS[Math.floor(random() * WORDS.length)]}`
  return text
}

const WORDS = (
  'amber anchor apple basket beacon birch blanket bottle bronze candle canvas cedar cherry copper coral crystal desk ember ' +
  'fabric feather garden ginger glass granite harbor indigo ivory jacket kettle lantern leather linen maple marble meadow ' +
  'mirror mustard nickel oak olive orchid paper pebble pine quartz ribbon river saddle sage silk silver slate spruce stone'
).split(' ')
