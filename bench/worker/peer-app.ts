/** A route with one query behind a participant of the tiers. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Hono } from 'hono'
import type { Context } from 'hono'
import type { Isolate, Peer } from '../peers/peer.ts'
import { withControls } from './controls.ts'

/** One object for the life of the isolate; its background work belongs to the request that began it. */
export function peerApp(peer: Peer): Hono {
  const contexts = new AsyncLocalStorage<Context['executionCtx']>()
  let isolate: Isolate | undefined
  const waitUntil = (work: Promise<unknown>) => contexts.getStore()?.waitUntil(work)
  const app = new Hono()
  app.get('/rows/:id', (c) =>
    contexts.run(c.executionCtx, async () => {
      isolate ??= peer.start(waitUntil, false)
      return c.json(await isolate.query(Number(c.req.param('id'))))
    }),
  )
  return withControls(app, () => (isolate = undefined))
}
