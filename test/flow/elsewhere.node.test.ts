/** F12: what only another platform can unpack is a miss here, and no garbage. Node can be made to lack what others lack. */
import { afterEach, expect, it, vi } from 'vitest'
import { forge } from '../support/forge.js'
import { SQL, World } from '../support/isolates.js'

afterEach(() => void vi.unstubAllGlobals())

it('an entry that only another platform can unpack is a miss and stays for that one', async () => {
  const world = new World()
  const [a, b] = [world.isolate(), world.isolate()]
  await world.warm(a)
  await world.outcome(a)
  const key = [...world.redis.data.keys()].find((one) => one.includes(':e:'))!
  const packed = forge(world.redis.data.get(key) as string, { codec: '"zstd"', decodedBytes: '8' }, () => 'AAAAAAAA')
  world.redis.data.set(key, packed)
  vi.stubGlobal('process', undefined)
  const down = new Error('down')
  world.database.answer = () => Promise.reject(down)
  await expect(b.query(SQL, [1])).rejects.toBe(down)
  await b.flush()
  expect(world.events).toContainEqual({ type: 'entry-rejected', reason: 'undecodable' })
  expect(world.redis.data.get(key)).toBe(packed)
})
