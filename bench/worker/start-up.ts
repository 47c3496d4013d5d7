/** From the start of a workerd to the first answer of its Worker. */
import { cpuMsOf } from '../lib/process-cpu.ts'
import { CONNECTION } from '../lib/endpoints.ts'
import { cellOf, rotated } from '../lib/measure.ts'
import type { Settings, Table } from '../lib/types.ts'
import { bundle } from './bundle.ts'
import { NO_CACHE, SOURCES } from './contestants.ts'
import { Connection } from './connection.ts'
import { delayedEndpoints } from './delayed-endpoints.ts'
import { startWorkerd, tellsCpu } from './process.ts'

const FIRST = 'process start to first answer'
const CPU = 'CPU of the process until then'

export async function startUp({ quick }: Settings): Promise<Table> {
  const scripts = await Promise.all(SOURCES.map(async ([name, text]) => [name, (await bundle({ text })).code] as const))
  const samples = new Map(SOURCES.map(([name]) => [name, { first: [] as number[], cpu: [] as number[] }]))
  const services = await delayedEndpoints(20, 1)
  // The first start of all reads workerd from the disk.
  await once(scripts[0]![1], services.port)
  const restarts = quick ? 3 : 25
  for (let round = 0; round < restarts; round++)
    for (const [name, script] of rotated(scripts, round)) {
      services.endpoints.clear()
      const { ms, cpuMs } = await once(script, services.port)
      samples.get(name)!.first.push(ms)
      samples.get(name)!.cpu.push(cpuMs)
    }
  await services.close()
  const row = (label: string, of: (sample: { first: number[]; cpu: number[] }) => number[]) => ({
    label,
    cells: Object.fromEntries([...samples].map(([name, sample]) => [name, cellOf(of(sample))])),
  })
  return {
    id: 'start-up',
    title: 'A new isolate: time to its first answer',
    unit: 'ms',
    method:
      `The whole Workers of the table above, each in a new workerd, ${restarts} starts of each in turns; the first request is a miss, the services answer at once. ` +
      'Starting workerd itself is in every figure; without a cache is what is left of it.',
    rows: [row(FIRST, ({ first }) => first), ...(tellsCpu ? [row(CPU, ({ cpu }) => cpu)] : [])],
    references: [NO_CACHE],
  }
}

async function once(script: string, outbound: number): Promise<{ ms: number; cpuMs: number }> {
  const startedAt = performance.now()
  const worker = await startWorkerd(script, { bindings: { DATABASE_URL: CONNECTION }, outbound })
  const client = new Connection(worker.port)
  const { status } = await client.get('/rows/0')
  const ms = performance.now() - startedAt
  const cpuMs = tellsCpu ? cpuMsOf(worker.pid) : 0
  client.close()
  await worker.stop()
  if (status !== 200) throw new Error(`the first answer is a ${status}`)
  return { ms, cpuMs }
}
