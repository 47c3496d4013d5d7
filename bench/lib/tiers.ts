/** One participant at one tier: an isolate that is warm, or new beside a Redis that is full or empty. Runs in Node and in workerd. */
import type { Isolate, Peer } from '../peers/peer.ts'
import type { Endpoints } from './endpoints.ts'
import { readEverything } from './workload.ts'

export type Tier = 'l1' | 'l2' | 'miss'

export interface Tiers {
  /** Makes everything ready that is not measured; says for how many operations it holds. */
  ready(tier: Tier): Promise<number>
  /** The operations, each with another parameter than the last. */
  run(times: number): Promise<number>
}

interface Host {
  endpoints: Endpoints
  /** How many parameters there are. */
  keys: number
  /** Hands out copies, as who must not let one caller change another's rows. */
  safe: boolean
  /** Lets everything run that was started. */
  turn(): Promise<unknown>
}

export function tiersOf(peer: Peer, { endpoints, keys, safe, turn }: Host): Tiers {
  let isolate: Isolate
  let tier: Tier = 'l1'
  let filled: Isolate | undefined
  let at = 0
  let background: Promise<unknown>[] = []
  const waitUntil = (work: Promise<unknown>) => void background.push(work)

  async function settle(): Promise<void> {
    do {
      const work = background
      background = []
      await Promise.all(work)
      await turn()
    } while (background.length > 0)
  }

  async function alone(id: number): Promise<number> {
    const rows = await isolate.query(id)
    const sum = readEverything(safe ? structuredClone(rows) : rows)
    await settle()
    return sum
  }

  return {
    async ready(asked) {
      tier = asked
      if (tier === 'miss') endpoints.clear()
      if (tier !== 'miss' && !filled) {
        isolate = filled = peer.start(waitUntil)
        for (let id = 0; id < keys; id++) await alone(id)
      }
      if (tier === 'miss') filled = undefined
      isolate = tier === 'l1' ? filled! : peer.start(waitUntil)
      return tier === 'l1' ? Infinity : keys
    },
    async run(times) {
      let sum = 0
      for (let done = 0; done < times; done++) {
        const id = at++ % keys
        if (tier !== 'l1') sum += await alone(id)
        else {
          const rows = await isolate.query(id)
          sum += readEverything(safe ? structuredClone(rows) : rows)
        }
      }
      return sum
    },
  }
}
