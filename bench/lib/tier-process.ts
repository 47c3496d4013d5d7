/** The child of `tier-node.ts`: one participant in a process of its own, so that no other's objects and compiled code are in its way. */
import { setImmediate } from 'node:timers/promises'
import type { Peer } from '../peers/peer.ts'
import { Tiers } from './tiers.ts'
import type { Work } from './tiers.ts'

const { peer } = (await import(`../peers/${process.argv[2]}.ts`)) as { peer: Peer }
const tiers = new Tiers(peer, () => setImmediate())

async function measured(work: Work) {
  await tiers.ready(work)
  globalThis.gc!({ type: 'minor' })
  const before = process.cpuUsage()
  const done = await tiers.run(work)
  const { user, system } = process.cpuUsage(before)
  return { ...done, cpuMs: (user + system) / 1000 }
}

process.on('message', (work) => {
  measured(work as Work).then(
    (sample) => process.send!({ sample }),
    (error: unknown) =>
      process.send!({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
