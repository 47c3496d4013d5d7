import { QueryCacheError } from '../errors.js'

/** The local stack cannot start or go on; the message says what to do. `code` is `LOCAL_STACK`. */
export class LocalStackError extends QueryCacheError {
  override readonly name = 'LocalStackError'

  constructor(message: string, options?: ErrorOptions) {
    super('LOCAL_STACK', message, options)
  }
}

/** Loads a package that only the stack needs; says how to get it when it is not there. */
export async function optionalPackage<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    throw new LocalStackError(
      `The local stack needs the package \`${name}\`: run \`npm install --save-dev ${name}\`.`,
      { cause },
    )
  }
}
