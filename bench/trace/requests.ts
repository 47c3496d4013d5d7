/** The trace: what is asked when, of which isolate, by whom. The same for the same seed. */
import { randomOf } from '../lib/workload.ts'
import { CATEGORIES, PRODUCTS, USERS, categoryOf } from './shop.ts'
import { READS, WRITES } from './statements.ts'
import type { Read, WriteKind } from './statements.ts'
import { zipf } from './zipf.ts'

export const ISOLATES = 8
/** Requests per second of all isolates together. */
export const RATE = 140
/** Part of the requests that write. */
export const WRITE_SHARE = 0.01

/** One query of a request. */
export interface Query {
  read: Read
  sql: string
  params: unknown[]
  /** The product, category or user that it is about; 0 where it is about all. */
  of: number
  /** Under row-level security: who asks. */
  user?: number
  /** What a developer who names his keys would call it. */
  key: string
}

export interface Write {
  kind: WriteKind
  sql: string
  params: unknown[]
  product: number
  user: number
  /** The keys whose results it changes, as far as whoever writes the handler can name them. */
  keys: string[]
}

export interface Request {
  /** Simulated milliseconds since the first. */
  at: number
  isolate: number
  reads: Query[]
  write?: Write
}

export const query = (read: Read, params: unknown[], of = 0, user?: number): Query => ({
  read,
  sql: READS[read],
  params,
  of,
  key: `${read}:${of}`,
  ...(user !== undefined && { user }),
})

export function* requests(count: number, seed: number): Generator<Request> {
  const random = randomOf(seed)
  const products = zipf(PRODUCTS, 1)
  const categories = zipf(CATEGORIES, 1)
  const users = zipf(USERS, 0.8)
  let time = 0
  for (let made = 0; made < count; made++) {
    time += (-Math.log(1 - random()) * 1000) / RATE
    const at = Math.floor(time)
    const isolate = Math.floor(random() * ISOLATES)
    const kind = random()
    const product = products(random())
    const user = users(random())
    if (kind < WRITE_SHARE) yield { at, isolate, reads: [], write: writeOf(random(), product, user) }
    else if (kind < 0.6)
      yield { at, isolate, reads: [query('product', [product], product), query('reviews', [product, 20], product)] }
    else if (kind < 0.8) {
      const category = categories(random())
      yield { at, isolate, reads: [query('category', [category, 50], category)] }
    } else if (kind < 0.9)
      yield { at, isolate, reads: [query('bestSellers', [20]), query('totals', []), query('latest', [10])] }
    else yield { at, isolate, reads: [query('orders', [20], user, user)] }
  }
}

/** Of a hundred writes 66 are orders, 33 reviews, one edits a product: fifty edits an hour. */
export function writeOf(kind: number, product: number, user: number): Write {
  const write = (kind: WriteKind, params: unknown[], keys: string[]): Write => ({
    kind,
    sql: WRITES[kind],
    params,
    product,
    user,
    keys,
  })
  if (kind < 0.66) return write('order', [user, product, 1, '9.90'], [`orders:${user}`, 'bestSellers:0'])
  if (kind < 0.99) return write('review', [product, user, 5, 'Does what it says.'], [`reviews:${product}`, 'latest:0'])
  // Nobody can tell whose orders show the product without asking the database for all of them.
  const keys = [`product:${product}`, `category:${categoryOf(product)}`, 'totals:0', 'bestSellers:0', 'latest:0']
  return write('edit', ['A better name', '19.90', product], keys)
}
