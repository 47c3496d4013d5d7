/**
 * Prints `src/sql/functions.generated.ts`: the built-in functions whose result depends on nothing but their arguments and the session's settings.
 *
 *   node scripts/generate-functions.ts postgres://postgres@127.0.0.1:5432/test > src/sql/functions.generated.ts
 *
 * Asks PGlite, and every server named on the command line. A name stays only if all its overloads on all of them may stay.
 */
import { PGlite } from '@electric-sql/pglite'
import { Client } from 'pg'

/** One row per name in pg_catalog: may it stay (`fine`), and does anybody call it by name (`called`)? */
export const FUNCTION_QUERY = `
  SELECT proname AS name,
    bool_and(
      provolatile IN ('i', 's') AND prokind IN ('f', 'a', 'w')
      AND NOT prorettype = ANY (unwanted) AND NOT proargtypes::oid[] && unwanted
    ) AS fine,
    bool_or(
      prokind IN ('a', 'w')
      OR coalesce(obj_description(p.oid, 'pg_proc'), '') !~ '^(implementation of|I/O|aggregate|internal|join sel|restriction sel|less-equal|hash'
        '|equal|less|sort sup|window|transition|final|GiST|GIN|SP-GiST|BRIN|btree|larger of|smaller of|matches|does not match|input|output|statistics'
        '|latest tid|deserial|serial|convert .* to (int|float|oid|abs|rel)|.*support|\\(internal)'
    ) AS called
  FROM pg_proc p, (
    SELECT array_agg(oid) AS unwanted FROM pg_type
    WHERE typname IN ('internal', 'cstring', 'trigger', 'event_trigger', 'aclitem', '_aclitem', 'txid_snapshot', 'pg_snapshot', 'refcursor')
      OR typname LIKE '%\\_handler' OR typname LIKE 'reg%' AND typname NOT IN ('regconfig', 'regdictionary')
  ) t
  WHERE pronamespace = 'pg_catalog'::regnamespace
  GROUP BY proname`

/** Stable in the sense of pg_proc, yet they read the clock, the transaction, the session, the caller, catalogs, or tables named in a string. */
export const STATEFUL =
  /^(now|age|version|system_user|(statement|transaction)_timestamp|timeofday|txid_.*|mxid_age|inet_(client|server)_.*|current_.*|session_user|getpgusername|jsonb?_populate_record.*|getdatabaseencoding|row_security_active|has_.*|.*_to_xml.*|\w*obj_description|col_description|format_type|to_reg.*|oidvectortypes|ts_(debug|stat|rewrite|parse|token_type)|pg_(?!typeof$|size_).*)$/

/** Called by nobody: validators, transition and support functions, synonyms that only casts and operators use. */
const INTERNAL =
  /(_validator|_transfn|_finalfn|_subdiff|_accum|_combine|_sel|_send|_recv|_in|_out|_hash|_cmp|_eq|_ne|_lt|_le|_gt|_ge)$|^(RI_|binary_upgrade|fmgr_|int[48](inc|dec)|numeric_|d(exp|log1|log10|round|sqrt|trunc|pow|cbrt)$|macaddr8_set7bit|nameconcatoid|textlen|satisfies_|in_range|char_?larger|.*(larger|smaller)$)/

/** Called by name although their catalog entry looks like an operator's, a cast's or a name's. */
const CALLED =
  /^(array_cat|ascii|float[48]|hashtext|int[248]|pg_typeof|starts_with|jsonb_(exists|contain|delete|concat).*)$/

type Row = { name: string; fine: boolean; called: boolean }

/** The names that may be called in a cached query, sorted. */
export function allowed(catalogs: readonly Row[][]): string[] {
  const rows = catalogs.flat()
  const refused = new Set(rows.filter((row) => !row.fine && row.name !== 'pg_typeof').map((row) => row.name))
  const names = rows.filter(
    (row) =>
      !refused.has(row.name) &&
      (CALLED.test(row.name) || (row.called && !STATEFUL.test(row.name) && !INTERNAL.test(row.name))),
  )
  return [...new Set(names.map((row) => row.name))].sort()
}

async function main(urls: readonly string[]) {
  const lite = await PGlite.create()
  const catalogs = [(await lite.query<Row>(FUNCTION_QUERY)).rows]
  await lite.close()
  for (const connectionString of urls) {
    const client = new Client({ connectionString })
    await client.connect()
    catalogs.push((await client.query<Row>(FUNCTION_QUERY)).rows)
    await client.end()
  }
  const names = allowed(catalogs)
  process.stdout.write(
    `// Printed by scripts/generate-functions.ts; not written by hand.\nexport const PURE_FUNCTIONS =\n  '${names.join(' ')}'\n`,
  )
}

if (import.meta.main) await main(process.argv.slice(2))
