/** The database as the peers ask it: through Neon's driver, with the caller's token where rows depend on him. */
import { neon } from '@neondatabase/serverless'
import { NEON, tokenOf } from './neon-endpoint.ts'
import type { Row } from './participant.ts'
import type { Query, Write } from './requests.ts'

const sql = neon(NEON.connectionString)

export const load = async ({ sql: text, params, user }: Query): Promise<Row[]> =>
  sql.query(text, params, user === undefined ? {} : { authToken: tokenOf(user) })

export const send = async ({ sql: text, params }: Write): Promise<void> => void (await sql.query(text, params))
