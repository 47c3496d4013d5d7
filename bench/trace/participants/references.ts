/** What is no peer: no cache, and the rules of a cache in front of the database. */
import { load, send } from '../origin.ts'
import type { Isolate, Participant, Row } from '../participant.ts'

export const none: Participant = {
  name: 'no cache',
  setUp: 'Every query goes to the database.',
  isolate: (): Isolate => ({ read: (queries) => Promise.all(queries.map(load)), write: send }),
}

const FRESH_MS = 60_000
const STALE_MS = 15_000

/** Its answers are shared by all isolates, and told apart by SQL and parameters: a configuration has one identity. */
export function hyperdrive(): Participant {
  const answers = new Map<string, { rows: Promise<readonly Row[]>; at: number }>()
  return {
    name: "Hyperdrive's rules",
    setUp:
      'A model of `max_age` 60 s and `stale_while_revalidate` 15 s: no invalidation, one identity for each configuration.',
    isolate({ clock, waitUntil }): Isolate {
      return {
        read: (queries) =>
          Promise.all(
            queries.map((query) => {
              const id = `${query.sql}${JSON.stringify(query.params)}`
              const known = answers.get(id)
              const age = known ? clock.now - known.at : Infinity
              if (known && age < FRESH_MS) return known.rows
              const rows = load(query)
              answers.set(id, { rows, at: clock.now })
              if (!known || age >= FRESH_MS + STALE_MS) return rows
              waitUntil(rows)
              return known.rows
            }),
          ),
        write: send,
      }
    },
  }
}
