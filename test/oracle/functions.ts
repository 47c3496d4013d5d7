/**
 * What PostgreSQL's own catalog says of its functions, and what it does not say: which of the stable ones look at more than their arguments.
 * @module
 */
import { PGlite } from '@electric-sql/pglite'

/** `arguments`: nothing but its arguments and settings. `state`: clock, randomness, session, server. `catalog`: schema and rights. */
export type Nature = 'arguments' | 'state' | 'catalog' | 'identity'

/** Stable in pg_proc, and yet they look at the clock, the transaction, the session, or run queries of their own. */
const STATE =
  /^(now|(statement|transaction)_timestamp|version|mxid_age|txid_.*|inet_(client|server)_.*|(query|table|schema|database|cursor)_to_xml.*|pg_(backend|current|conf_load|postmaster|stat_|listening|my_temp|is_other|cursor|prepared|timezone|show_all|settings|snapshot|visible|blocking|get_replication|get_publication|event|trigger_depth|replication|config|available|extension|last|control|client|control|tablespace|column_compression|column_size|relation_file|get_catalog|get_wal|get_multixact|ls|read|lock|logical|partition|tablespace|xact|wal|is_in_recovery|is_wal|safe|advisory|export|promote|notification|hba|ident_file|file|backup|input|stat_get|database|table_size|indexes_size|total|relation_size).*|ts_debug|ts_stat|currtid.*|getdatabaseencoding|lo_.*)$/
const IDENTITY =
  /^(current_(user|role|schemas?|database|catalog|setting)|session_user|getpgusername|user|pg_has_role|has_\w+_privilege|row_security_active|system_user)$/
const CATALOG =
  /^(format_type|(\w*obj|col)_description|to_reg\w+|aclexplode|oidvectortypes|aclitemin|aclitemout|ts_(parse|token_type)|pg_(?!typeof$|size_).*|reg\w+|schema_to_xml.*)$/

/** Names in pg_catalog and their nature; a name that is not in it is nobody's but the user's. */
export const functionNatures = (): Promise<ReadonlyMap<string, Nature>> => (natures ??= read())

let natures: Promise<ReadonlyMap<string, Nature>> | undefined

async function read(): Promise<ReadonlyMap<string, Nature>> {
  const database = await PGlite.create()
  const { rows } = await database.query<{ name: string; volatile: boolean; stable: boolean }>(
    `SELECT proname AS name, bool_or(provolatile = 'v' OR prokind = 'p') AS volatile, bool_or(provolatile = 's') AS stable
     FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace GROUP BY proname`,
  )
  await database.close()
  return new Map(
    rows.map(({ name, volatile, stable }) => [name, volatile ? 'state' : !stable ? 'arguments' : natureOfStable(name)]),
  )
}

const natureOfStable = (name: string): Nature =>
  IDENTITY.test(name) ? 'identity' : STATE.test(name) ? 'state' : CATALOG.test(name) ? 'catalog' : 'arguments'
