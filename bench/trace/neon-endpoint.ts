/** Neon's SQL over HTTP, in front of the shop. Row-level security: whose orders a query sees, its token says. */
import type { Endpoint } from './network.ts'
import { MS_OF_A_WRITE, MS_OF_READ } from './prices.ts'
import { FIELDS, ROWS } from './shop.ts'
import type { Shop } from './shop.ts'
import { READS, WRITES } from './statements.ts'
import type { Read, WriteKind } from './statements.ts'

export const NEON = { connectionString: 'postgres://app:secret@shop.neon.test/shop' }
/** Where the driver asks, and where it asks with a token. */
export const NEON_HOSTS = ['api.neon.test', 'apiauth.neon.test']

/** In place of a JWT that Neon would verify. */
export const tokenOf = (user: number): string => `token-of-${user}`

interface Statement {
  query: string
  params: unknown[]
}

const reads = new Map<string, Read>(Object.entries(READS).map(([read, text]) => [text, read as Read]))
const writes = new Map<string, WriteKind>(Object.entries(WRITES).map(([kind, text]) => [text, kind as WriteKind]))

export class NeonEndpoint implements Endpoint {
  queries = 0
  /** Processor time of the database, by the estimate of `prices.ts`. */
  busyMs = 0
  readonly #shop: Shop

  constructor(shop: Shop) {
    this.#shop = shop
  }

  answer(_path: string, headers: Headers, body: string): { status: number; text: string } {
    const sent = JSON.parse(body) as Statement | { queries: Statement[] }
    const user = Number(/^Bearer token-of-(\d+)$/.exec(headers.get('authorization') ?? '')?.[1])
    const text =
      'queries' in sent
        ? `{"results":[${sent.queries.map((one) => this.#run(one, user)).join(',')}]}`
        : this.#run(sent, user)
    return { status: 200, text }
  }

  #run({ query, params }: Statement, user: number): string {
    this.queries++
    const kind = writes.get(query)
    if (kind) {
      this.busyMs += MS_OF_A_WRITE
      const numbers = params.map(Number)
      if (kind === 'edit') this.#shop.write(kind, numbers[2]!, 0)
      else if (kind === 'review') this.#shop.write(kind, numbers[0]!, numbers[1]!)
      else this.#shop.write(kind, numbers[1]!, numbers[0]!)
      return `{"command":"${query.split(' ')[0]!.toUpperCase()}","rowCount":1,"rowAsArray":true,"fields":[],"rows":[]}`
    }
    const read = reads.get(query)
    if (!read) throw new Error(`the shop does not know the statement ${query}`)
    this.busyMs += MS_OF_READ[read]
    // Queries without a parameter of their own have LIMIT's only; those with one name it first.
    const of = read === 'orders' ? user : BY_PARAMETER.has(read) ? Number(params[0]) : 0
    const rows = this.#shop.rows(read, of)
    return `{"command":"SELECT","rowCount":${ROWS[read]},"rowAsArray":true,"fields":${fieldsOf(read)},"rows":${rows}}`
  }
}

const BY_PARAMETER: ReadonlySet<Read> = new Set(['product', 'reviews', 'category'])

const texts = new Map<Read, string>()

function fieldsOf(read: Read): string {
  let text = texts.get(read)
  if (text === undefined) {
    const described = FIELDS[read].map((field, at) => ({
      ...field,
      tableID: 24_576,
      columnID: at + 1,
      dataTypeSize: 4,
      dataTypeModifier: -1,
      format: 'text',
    }))
    texts.set(read, (text = JSON.stringify(described)))
  }
  return text
}
