import type { Answer } from './connection.js'

/** A command, its words parted by spaces unless given one by one, and the answer, or what must hold of it. */
export type Step = [command: string | string[], answer: Answer | ((answer: Answer) => void)]

/** Steps by what they show. Each begins with an empty store. */
export type Scenarios = Record<string, Step[]>

export function words(command: string | string[]): string[] {
  return typeof command === 'string' ? command.split(' ') : command
}

export const error = (message: string): Answer => ({ error: message })
export const syntaxError = error('ERR syntax error')
export const notAnInteger = error('ERR value is not an integer or out of range')
export const wrongType = error('WRONGTYPE Operation against a key holding the wrong kind of value')
export const arity = (command: string): Answer => error(`ERR wrong number of arguments for '${command}' command`)
