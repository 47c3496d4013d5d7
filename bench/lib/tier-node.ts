/** Participants in Node, each in a process of its own. */
import type { Participant } from '../peers/index.ts'
import { Child } from './child.ts'
import type { Place, Sample } from './tier-tables.ts'

export function nodePlace(): Place {
  const children = new Map<string, Child>()
  const childOf = ({ file, typed, name }: Participant): Child => {
    const key = `${file} ${typed === true}`
    let child = children.get(key)
    if (!child) children.set(key, (child = new Child('lib/tier-process.ts', [file], name)))
    return child
  }
  return {
    name: 'Node',
    together: true,
    sample: (participant, work) => childOf(participant).ask<Sample>(work),
    stop: async () => void (await Promise.all([...children.values()].map((child) => child.stop()))),
  }
}
