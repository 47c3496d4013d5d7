/** Faults in whose rows a read gets, and how long it believes what is known. */
import type { Mutant } from './mutants.ts'

export const READ_MUTANTS: readonly Mutant[] = [
  {
    rule: 2,
    fault: 'leaves the custom key out of the key in Redis, so that keys of one bucket share a value',
    file: 'ask.ts',
    find: "cacheKey === undefined ? '-' : sized(cacheKey)",
    replace: "cacheKey === undefined ? '-' : '='",
    test: 'test/flow/isolation.test.ts',
  },
  {
    rule: 3,
    fault: 'takes two roles of one database for one, in memory',
    file: 'statement.ts',
    find: 'sized(database.identity) + sized(database.invalidationIdentity)',
    replace: 'sized(database.invalidationIdentity)',
    test: 'test/flow/isolation.test.ts',
  },
  {
    rule: 5,
    fault: 'waits for ever for a check whose request died',
    file: 'check.ts',
    find: 'now - check.startedAt > Math.min(config.maxStalenessMs, config.redisTimeoutMs * 2)',
    replace: 'now - check.startedAt > 1e9 * config.redisTimeoutMs',
    test: 'test/flow/freshness.test.ts',
  },
  {
    rule: 2,
    fault: 'makes a result depend on the first of its tags only',
    file: 'names.ts',
    find: 'for (const tag of tags) names.add(tagName(tag))',
    replace: 'for (const tag of tags.slice(0, 1)) names.add(tagName(tag))',
    test: 'test/flow/names.test.ts',
  },
  {
    rule: 15,
    fault: 'gives back a lease that is over and may be of another',
    file: 'stored.ts',
    find: 'leasedUntil !== undefined && now < leasedUntil',
    replace: 'leasedUntil !== undefined && now > 0',
    test: 'test/flow/lease.test.ts',
  },
  {
    rule: 16,
    fault: 'sweeps what a newer format stored',
    file: 'cleanup.ts',
    find: 'return Number(format) < Number(ownFormat)',
    replace: 'return Number(format) !== Number(ownFormat)',
    test: 'test/flow/statistics.test.ts',
  },
  {
    rule: 17,
    fault: 'takes the end of a refresh that was given up for that of another',
    file: 'refresh.ts',
    find: 'if (this.#refreshes.get(key)?.since !== startedAt) return',
    replace: 'if (startedAt < 0) return',
    test: 'test/flow/refresh.test.ts',
  },
  {
    rule: 17,
    fault: 'waits for a refresh from a clock that was set back',
    file: 'refresh.ts',
    find: 'Math.abs(now - before.since) < LONGEST_REFRESH_MS',
    replace: 'now - before.since < LONGEST_REFRESH_MS',
    test: 'test/flow/refresh.test.ts',
  },
]
