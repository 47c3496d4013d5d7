/** A process of its own for one participant, that answers one question after another: no other's objects and compiled code are in its way. */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'

type Reply = { answer: unknown } | { error: string }

export class Child {
  readonly #name: string
  readonly #process: ChildProcess

  /** @param program In `bench`. @param name Whom its errors are about. */
  constructor(program: string, args: readonly string[], name: string) {
    this.#name = name
    this.#process = fork(path.join(import.meta.dirname, '..', program), args, { execArgv: ['--expose-gc'] })
  }

  ask<Answer>(question: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`${this.#name}: its process ended`))
      this.#process.once('exit', ended)
      this.#process.once('message', (reply: Reply) => {
        this.#process.off('exit', ended)
        if ('error' in reply) reject(new Error(`${this.#name}: ${reply.error}`))
        else resolve(reply.answer as Answer)
      })
      this.#process.send(question as object)
    })
  }

  async stop(): Promise<void> {
    if (!this.#process.connected) return
    this.#process.disconnect()
    await once(this.#process, 'exit')
  }
}

/** The other end. */
export function answering(answer: (question: never) => Promise<unknown>): void {
  const reply = (it: Reply) => process.send!(it)
  process.on('message', (question) => {
    answer(question as never).then(
      (it) => reply({ answer: it }),
      (error: unknown) => reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
  process.on('disconnect', () => process.exit(0))
}
