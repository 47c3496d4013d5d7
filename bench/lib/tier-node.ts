/** Participants in Node, each in a process of its own. */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Participant } from '../peers/index.ts'
import type { Place, Sample } from './tier-tables.ts'

export function nodePlace(): Place {
  const children = new Map<string, ChildProcess>()
  const childOf = ({ file, typed }: Participant): ChildProcess => {
    const key = `${file} ${typed === true}`
    let child = children.get(key)
    if (!child) {
      child = fork(path.join(import.meta.dirname, 'tier-process.ts'), [file], { execArgv: ['--expose-gc'] })
      children.set(key, child)
    }
    return child
  }
  return {
    name: 'Node',
    together: true,
    sample(participant, work) {
      const child = childOf(participant)
      return new Promise<Sample>((resolve, reject) => {
        const ended = () => reject(new Error(`${participant.name}: its process ended`))
        child.once('exit', ended)
        child.once('message', (message: { sample: Sample } | { error: string }) => {
          child.off('exit', ended)
          if ('error' in message) reject(new Error(`${participant.name}: ${message.error}`))
          else resolve(message.sample)
        })
        child.send(work)
      })
    },
    async stop() {
      const ended = [...children.values()].map(async (child) => {
        if (!child.connected) return
        child.disconnect()
        await once(child, 'exit')
      })
      await Promise.all(ended)
    },
  }
}
