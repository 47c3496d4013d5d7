/**
 * Invalidation by what happened, instead of by what is stored.
 * @module
 */
import { anExecutor, readNamed } from './configure.js'
import type { CachedQueryExecutor } from './executor.js'
import type { Named } from './names.js'
import { aFunction, check, text } from './rules.js'
import type { Rule } from './rules.js'

/** What an event invalidates; `undefined`: nothing. */
export type InvalidationRule<P> = (payload: P) => Named | undefined | Promise<Named | undefined>

export interface AuditEvent {
  /** Tags of the event, invalidated with the table. */
  tags?: readonly string[] | undefined
  [property: string]: unknown
}

/** The events that have a rule from the start; a rule of the same name adds to it. */
export interface DefaultEvents {
  'user:update': { id: string | number | bigint }
  'audit:new': AuditEvent
}

const anId: Rule = [(value) => text[0](value) || /^(n|bi)/.test(typeof value), 'a text, a number or a bigint']

export class CacheInvalidationService<Events extends object = Record<string, unknown>> {
  readonly #executor: CachedQueryExecutor
  readonly #rules = new Map<string, InvalidationRule<never>[]>()

  /** @throws InvalidOptionError */
  constructor(executor: CachedQueryExecutor) {
    check('executor', executor, anExecutor)
    this.#executor = executor
    this.#add('user:update', (user: DefaultEvents['user:update']) => {
      check('id', user?.id, anId)
      const { id } = user
      return {
        tables: ['users'],
        tags: [`user:${id}`],
        // A prefix cannot name an id with a pattern's sign in it; the table and the tag do.
        keys: /[*?[\]]/.test(String(id)) ? [] : [`user:${id}:*`],
      }
    })
    this.#add('audit:new', (event: AuditEvent | undefined) => ({ tables: ['audit_events'], tags: event?.tags ?? [] }))
  }

  /** Adds a rule; several rules of one event all apply. @throws InvalidOptionError */
  on<E extends keyof (Events & DefaultEvents) & string>(
    event: E,
    rule: InvalidationRule<(Events & DefaultEvents)[E]>,
  ): this {
    check('rule', rule, aFunction)
    return this.#add(event, rule)
  }

  /**
   * Invalidates what the event's rules name, in one trip. An event without rules does nothing.
   * @throws InvalidationError, and InvalidOptionError where a rule names something else than tables, tags and keys.
   */
  async emit<E extends keyof (Events & DefaultEvents) & string>(
    event: E,
    payload: (Events & DefaultEvents)[E],
  ): Promise<void> {
    const rules = this.#rules.get(event) ?? []
    const given = await Promise.all(rules.map(async (rule) => (rule as InvalidationRule<unknown>)(payload)))
    const named = given.map((names) => readNamed(names ?? {}))
    const all = (part: keyof Named) => named.flatMap((names) => names[part] ?? [])
    const [tables, tags, keys] = [all('tables'), all('tags'), all('keys')]
    if (tables.length + tags.length + keys.length > 0) await this.#executor.invalidate({ tables, tags, keys })
  }

  /** The table `users`, the tag `user:<id>` and the keys `user:<id>:*`. @throws InvalidationError */
  async onUserUpdate(id: string | number | bigint): Promise<void> {
    await this.emit('user:update', { id } as (Events & DefaultEvents)['user:update'])
  }

  /** The table `audit_events` and the event's tags. @throws InvalidationError */
  async onNewAuditEvent(event: AuditEvent): Promise<void> {
    await this.emit('audit:new', event as (Events & DefaultEvents)['audit:new'])
  }

  #add(event: string, rule: InvalidationRule<never>): this {
    this.#rules.set(event, [...(this.#rules.get(event) ?? []), rule])
    return this
  }
}
