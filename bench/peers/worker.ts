/** The Worker that `tier-workerd.ts` makes of a peer: does the work that it is sent, and says what it did. */
import { Tiers } from '../lib/tiers.ts'
import type { Work } from '../lib/tiers.ts'
import type { Peer } from './peer.ts'

export function workerOf(peer: Peer) {
  const tiers = new Tiers(peer, () => new Promise((resolve) => setTimeout(resolve, 0)))
  return {
    async fetch(request: Request): Promise<Response> {
      const { step, work } = (await request.json()) as { step: 'ready' | 'run'; work: Work }
      try {
        return Response.json((await tiers[step](work)) ?? {})
      } catch (error) {
        return new Response(error instanceof Error ? (error.stack ?? error.message) : String(error), { status: 500 })
      }
    },
  }
}
