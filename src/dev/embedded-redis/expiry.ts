import { word } from './command.js'
import type { Command, CommandTable } from './command.js'
import { parseDeadline } from './deadline.js'
import type { DeadlineForm } from './deadline.js'
import type { Keyspace } from './keyspace.js'
import { refuse } from './reply.js'
import type { Reply } from './reply.js'

type Condition = 'nx' | 'xx' | 'gt' | 'lt'

function parseConditions(words: readonly string[]): Set<Condition> {
  const conditions = new Set<Condition>()
  for (const given of words) {
    const name = given.toLowerCase()
    if (name !== 'nx' && name !== 'xx' && name !== 'gt' && name !== 'lt')
      return refuse(`ERR Unsupported option ${given}`)
    conditions.add(name)
  }
  if (conditions.has('nx') && conditions.size > 1)
    return refuse('ERR NX and XX, GT or LT options at the same time are not compatible')
  if (conditions.has('gt') && conditions.has('lt'))
    return refuse('ERR GT and LT options at the same time are not compatible')
  return conditions
}

/** A key without expiry counts as one that expires never, later than any deadline. */
function isAllowed(conditions: Set<Condition>, before: number | undefined, deadline: number): boolean {
  if (conditions.has('nx') && before !== undefined) return false
  if (conditions.has('xx') && before === undefined) return false
  if (conditions.has('gt') && deadline <= (before ?? Infinity)) return false
  return !(conditions.has('lt') && deadline >= (before ?? Infinity))
}

function expire(command: string, form: DeadlineForm): Command {
  return {
    arity: -3,
    run: (keyspace: Keyspace, args: readonly string[]): Reply => {
      const conditions = parseConditions(args.slice(2))
      const deadline = parseDeadline(keyspace, command, word(args, 1), form)
      const entry = keyspace.find(word(args, 0))
      if (!entry || !isAllowed(conditions, entry.expireAt, deadline)) return 0
      entry.expireAt = deadline
      return 1
    },
  }
}

/** Tells an expiry: -2 without a key, -1 without an expiry. */
function tell(form: DeadlineForm): Command {
  return {
    arity: 2,
    run: (keyspace, args) => {
      const entry = keyspace.find(word(args, 0))
      if (!entry) return -2
      if (entry.expireAt === undefined) return -1
      const milliseconds = form.absolute ? entry.expireAt : entry.expireAt - keyspace.now()
      return form.unit === 1 ? milliseconds : Math.floor((milliseconds + 500) / 1000)
    },
  }
}

function persist(keyspace: Keyspace, args: readonly string[]): Reply {
  const entry = keyspace.find(word(args, 0))
  if (entry?.expireAt === undefined) return 0
  delete entry.expireAt
  return 1
}

export const expiry: CommandTable = {
  expire: expire('expire', { unit: 1000, absolute: false }),
  pexpire: expire('pexpire', { unit: 1, absolute: false }),
  expireat: expire('expireat', { unit: 1000, absolute: true }),
  pexpireat: expire('pexpireat', { unit: 1, absolute: true }),
  ttl: tell({ unit: 1000, absolute: false }),
  pttl: tell({ unit: 1, absolute: false }),
  expiretime: tell({ unit: 1000, absolute: true }),
  pexpiretime: tell({ unit: 1, absolute: true }),
  persist: { arity: 2, run: persist },
}
