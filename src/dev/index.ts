/**
 * The local stack: Neon's and Upstash's HTTP protocols on this machine, for development and tests. Node only, never part of a Worker.
 * @module
 */
export { startLocalStack } from './start.js'
export type { LocalStack, LocalStackOptions, StackCounts, StackRequest } from './start.js'
export type { LocalDatabase } from './local-database.js'
export { EmbeddedRedis, RedisReplyError } from './embedded-redis/index.js'
