/** `node bench/worker/profile.ts [rows]`: where the hot route's CPU goes in workerd, by function, beside the constant's. */
import { freePort } from '../../test/support/free-port.ts'
import { cpuMsOf } from '../lib/process-cpu.ts'
import { ask, startHot } from './hot-worker.ts'
import type { HotWorker } from './hot-worker.ts'

const rows = Number(process.argv[2] ?? 50)
const REQUESTS = 10_000
const LINES = 45

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; lineNumber: number } }[]
  samples: number[]
  timeDeltas: number[]
}

const inspector = `127.0.0.1:${await freePort()}`
const hot = await startHot(rows, [`--inspector-addr=${inspector}`], false)
const command = await connected(inspector)
await command('Profiler.enable')
await command('Profiler.setSamplingInterval', { interval: 100 })
const constant = await selfTimes(hot, '/constant')
const cached = await selfTimes(hot, '/cached')
console.log('self time in µs per request (sampled): cached, constant, difference')
const names = [...new Set([...cached.keys(), ...constant.keys()])]
const difference = (name: string) => (cached.get(name) ?? 0) - (constant.get(name) ?? 0)
for (const name of names.sort((a, b) => difference(b) - difference(a)).slice(0, LINES)) {
  const figures = [cached.get(name) ?? 0, constant.get(name) ?? 0, difference(name)]
  console.log(`${figures.map((figure) => figure.toFixed(2).padStart(8)).join('')}  ${name}`)
}
await hot.stop()
process.exit()

/** Microseconds per request by function, `name:line of the bundle`. */
async function selfTimes({ worker, clients, body }: HotWorker, path: string): Promise<Map<string, number>> {
  await ask(clients, path, REQUESTS, body)
  const before = cpuMsOf(worker.pid)
  await ask(clients, path, REQUESTS, body)
  console.log(
    `${path}: ${((1000 * (cpuMsOf(worker.pid) - before)) / REQUESTS).toFixed(1)} µs of CPU per request, not profiled`,
  )
  await command('Profiler.start')
  await ask(clients, path, REQUESTS, body)
  const { profile } = (await command('Profiler.stop')) as { profile: Profile }
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
  const times = new Map<string, number>()
  profile.samples.forEach((id, at) => {
    const { functionName, lineNumber } = frames.get(id)!
    const name = `${functionName || '(anonymous)'}:${lineNumber + 1}`
    times.set(name, (times.get(name) ?? 0) + (profile.timeDeltas[at + 1] ?? 0) / REQUESTS)
  })
  return times
}

/** Commands of the inspector's protocol. */
async function connected(address: string): Promise<(method: string, params?: object) => Promise<unknown>> {
  const [target] = (await (await fetch(`http://${address}/json`)).json()) as [{ webSocketDebuggerUrl: string }]
  const socket = new WebSocket(target.webSocketDebuggerUrl)
  await new Promise((resolve) => socket.addEventListener('open', resolve))
  const waiting = new Map<number, (result: unknown) => void>()
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown }
    if (id !== undefined) waiting.get(id)?.(result)
  })
  let last = 0
  return (method, params = {}) =>
    new Promise((resolve) => {
      waiting.set(++last, resolve)
      socket.send(JSON.stringify({ id: last, method, params }))
    })
}
