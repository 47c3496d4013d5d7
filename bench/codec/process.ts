/** The child of the scenario `codec`: one codec. */
import { isDeepStrictEqual } from 'node:util'
import { answering } from '../lib/child.ts'
import { CODECS } from './codecs.ts'
import { READERS, workload } from './workloads.ts'
import type { Workload } from './workloads.ts'

/** What a codec is asked to do `times` times. */
export interface Task {
  kind: Workload['kind']
  /** Rows of each result. */
  size: number
  /** Different results, one after another: the processor learns a single one by heart. */
  results: number
  direction: 'encode' | 'decode'
  times: number
}

export interface Done {
  /** Microseconds of CPU of the process for each. */
  cpu: number
  /** What was read, or written, altogether. */
  sum: number
  /** Bytes of all results as text. */
  bytes: number
  /** Whether the rows that come back are the same. */
  same: boolean
}

interface Ready {
  of: string
  works: Workload[]
  texts: string[]
  same: boolean
}

const codec = CODECS.find(({ name }) => name === process.argv[2])!
let ready: Ready | undefined

answering(async ({ kind, size, results, direction, times }: Task): Promise<Done> => {
  ready = await prepared(kind, size, results)
  const { works, texts, same } = ready
  const read = READERS[kind]
  let sum = 0
  const before = process.cpuUsage()
  if (direction === 'decode') for (let i = 0; i < times; i++) sum += read(await codec.decode(texts[i % results]!))
  else for (let i = 0; i < times; i++) sum += (await codec.encode(works[i % results]!)).length
  const { user, system } = process.cpuUsage(before)
  const bytes = texts.reduce((total, text) => total + Buffer.byteLength(text), 0)
  return { cpu: (user + system) / times, sum, bytes, same }
})

async function prepared(kind: Workload['kind'], size: number, results: number): Promise<Ready> {
  const of = `${kind} ${size}`
  if (ready?.of === of) return ready
  const works = Array.from({ length: results }, (_, seed) => workload(kind, size, 7 + seed))
  const texts: string[] = []
  let same = true
  for (const work of works) {
    const text = await codec.encode(work)
    if (!isDeepStrictEqual(await codec.decode(text), work.typed)) same = false
    texts.push(text)
  }
  return { of, works, texts, same }
}
