/** The child of `tier-node.ts`: one participant. */
import { setImmediate } from 'node:timers/promises'
import type { Peer } from '../peers/peer.ts'
import { answering } from './child.ts'
import { Tiers } from './tiers.ts'
import type { Work } from './tiers.ts'

const { peer } = (await import(`../peers/${process.argv[2]}.ts`)) as { peer: Peer }
const tiers = new Tiers(peer, () => setImmediate())

answering(async (work: Work) => {
  await tiers.ready(work)
  globalThis.gc!({ type: 'minor' })
  const before = process.cpuUsage()
  const done = await tiers.run(work)
  const { user, system } = process.cpuUsage(before)
  return { ...done, cpuMs: (user + system) / 1000 }
})
