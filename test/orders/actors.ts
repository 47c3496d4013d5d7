/** Readers and writers whose every step waits at a gate, what each step touches, and a loss of keys that comes between. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Script, Step } from './interleave.js'

export interface WriterPlan {
  isolate: string
  /**
   * What befalls its invalidation: the request or the reply is lost, and it is repeated; or Redis is full and refuses it, and takes
   * the deletion that follows. `dies`: the isolate ends between commit and invalidation.
   */
  fault?: 'request lost' | 'reply lost' | 'full' | 'dies'
}

/** On whose behalf code runs; what it asks of Redis or the database waits until its gate is opened. */
export class Actor {
  readonly gates: { step: string; open: () => void }[] = []
  /** False: runs through without a stop, before and after the order. */
  readonly gated: boolean
  readonly isolate: string
  readonly writer: WriterPlan | undefined
  /** The bit that its commit sets in the rows. */
  readonly bit: number
  outcome = ''
  commits = 0
  invalidations = 0
  /** Its MGET found the world as these writers' executed invalidations left it. */
  foundInvalidated = 0
  store: 'none' | 'entry' | 'versions' = 'none'

  constructor(isolate: string, gated: boolean, writer?: WriterPlan, bit = 0) {
    this.isolate = isolate
    this.gated = gated
    this.writer = writer
    this.bit = bit
  }

  gate(step: string): Promise<void> | undefined {
    return this.gated ? new Promise((open) => this.gates.push({ step, open })) : undefined
  }

  /** The names of a trip's two gates: where Redis executes it and where the reply arrives. */
  trip(commands: readonly string[][]): [string, string?] | undefined {
    const names = commands.map(([name]) => name!)
    // Statistics go their own way at their own times.
    if (names.includes('bitfield')) return undefined
    if (!this.writer) return names[0] === 'mget' ? ['mget', 'reply'] : ['store']
    if (this.commits === 0) return ['fence', 'fenced']
    if (this.writer.fault === 'full' && this.invalidations === 0) return ['refused', 'heard']
    return this.invalidations > 0 && this.writer.fault !== 'full' ? ['again', 'paid'] : ['invalidate', 'acknowledged']
  }
}

export const acting = new AsyncLocalStorage<Actor>()

const step = (name: string, changes: string[], reads: string[] = []): Step => ({ name, reads, changes })

/** What of Redis a step can touch. */
const REDIS = ['versions', 'entries', 'fences']

/** `endings`: what is judged from on; whether a read starts before or after an end is part of an order. */
export const readerScript = (isolate: string, endings: string[]): Script => [
  step('send', [isolate], endings),
  step('mget', [], REDIS),
  step('reply', [isolate]),
  step('snapshot', [], ['database']),
  step('rows', [isolate]),
  // Creates versions where they were missing.
  step('store', ['entries', 'versions']),
]

/** What starts a duty to this writer's change: its end, or, where it dies behind a fence, the commit. */
export const endingOf = (writer: number): string => `end of writer ${writer}`

export function writerScript({ isolate, fault }: WriterPlan, fenced: boolean, ending: string): Script {
  const fences = fenced ? ['fences'] : []
  const fence = fenced ? [step('fence', ['versions', 'fences']), step('fenced', [isolate])] : []
  if (fault === 'dies') return [...fence, step('commit', ['database', ending])]
  const written = [...fence, step('commit', ['database']), step('committed', [isolate])]
  const refused = fault === 'full' ? [step('refused', []), step('heard', [isolate])] : []
  const invalidate = step('invalidate', fault === 'request lost' ? [] : ['versions', ...fences])
  const invalidated = [invalidate, step('acknowledged', [isolate, ending])]
  const debt = fault === 'request lost' || fault === 'reply lost'
  const paid = debt ? [step('pause', [isolate]), step('again', ['versions', ...fences]), step('paid', [isolate])] : []
  return [...written, ...refused, ...invalidated, ...paid]
}

const LOST = {
  everything: REDIS,
  'first version': ['versions'],
  'second version': ['versions'],
  entries: ['entries'],
  fences: ['fences'],
}
export type Loss = keyof typeof LOST
export const LOSSES = Object.keys(LOST) as Loss[]

export const lossScript = (loss: Loss): Script => [step('loss', LOST[loss])]

/** Takes keys away; told by their values, so that their names may change. */
export function lose(data: Map<string, unknown>, loss: Loss): void {
  if (loss === 'everything') return data.clear()
  const isVersion = (value: unknown) => /^v[0-9a-f]{8}-/.test(String(value))
  const isFence = (value: unknown) => /^-?\d+$/.test(String(value))
  const keys = [...data.keys()].sort()
  const versions = keys.filter((key) => isVersion(data.get(key)))
  const lost = {
    'first version': versions.slice(0, 1),
    'second version': versions.slice(1, 2),
    entries: keys.filter((key) => !isVersion(data.get(key)) && !isFence(data.get(key))),
    fences: keys.filter((key) => isFence(data.get(key))),
  }[loss]
  for (const key of lost) data.delete(key)
}
