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
]
