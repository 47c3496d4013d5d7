/** What a tool printed, by the name of the example that made it print. */
export class Recording {
  /** @type {{ name: string, sql: string }[]} */
  statements = []
  #seen = new Set()
  #example = ''
  #count = 0

  /** Runs an example; what is printed until it ends carries its name. One that prints nothing is an error in the example. */
  async of(name, example) {
    this.#example = name
    this.#count = 0
    await example()
    if (this.#count === 0) throw new Error(`The example "${name}" printed nothing`)
    this.#example = ''
  }

  /** Takes what is sent outside of examples too (a connection's first statements), under the name `connection`. */
  add(sql) {
    this.#count++
    if (this.#seen.has(sql)) return
    this.#seen.add(sql)
    const name = this.#example || 'connection'
    this.statements.push({ name: this.#count > 1 ? `${name} (${this.#count})` : name, sql })
  }
}

/** A pool that has the shape of `pg`'s, runs nothing and answers without rows. */
export function silentPool(recording) {
  const client = {
    // Some tools end a query with a callback, others wait for a promise.
    query(query, params, done) {
      recording.add(typeof query === 'string' ? query : query.text)
      const result = { command: 'SELECT', rowCount: 0, rows: [], fields: [] }
      const callback = [params, done].find((value) => typeof value === 'function')
      if (!callback) return Promise.resolve(result)
      callback(null, result)
      return undefined
    },
    on() {},
    removeListener() {},
    release() {},
    end: (done) => done?.(),
  }
  return { ...client, connect: async () => client, totalCount: 1, idleCount: 0, waitingCount: 0 }
}
