/**
 * What this Worker is given. `c.var.queryCache` needs no line here: importing the middleware types it.
 * @module
 */
export interface Bindings {
  /** Neon's connection string. Secret. */
  DATABASE_URL: string
  /** Where Neon's SQL-over-HTTP is, when it is not at Neon: set by `npm start`. */
  NEON_FETCH_ENDPOINT?: string
  /** Without the two Upstash secrets the cache is isolate memory only. */
  UPSTASH_REDIS_REST_URL?: string
  UPSTASH_REDIS_REST_TOKEN?: string
  /** Addresses of all isolates of `npm start -- --isolates 2`, separated by commas, for the page to link. */
  ISOLATE_URLS?: string
}

export interface AppEnv {
  Bindings: Bindings
}
