/**
 * What PostgreSQL's catalogs say of a database: one read-only transaction, catalogs only, never a row of a table.
 * @module
 */
import type { Database, DatabaseResult } from '../../types.js'

export interface Relation {
  oid: string
  schema: string
  name: string
  /** `r` table, `p` partitioned, `v` view, `m` materialized view, `f` foreign table, `S` sequence. */
  kind: 'r' | 'p' | 'v' | 'm' | 'f' | 'S'
  rowSecurity: boolean
  /** A view that takes writes, by itself or by triggers. */
  updatable: boolean
  definition: string | null
  server: string | null
}

export interface Routine {
  oid: string
  schema: string
  name: string
  /** A row of this relation is all that it has to be given, or `any` row: it can be called as if it were a column. */
  rowOf: string | null
  kind: 'f' | 'p' | 'a' | 'w'
  volatility: 'i' | 's' | 'v'
  language: string
  /** Returns `trigger` or `event_trigger`, or has arguments that no query can give: nobody calls it by name. */
  hidden: boolean
  extension: string | null
  source: string
  /** Of a body in SQL's own form (BEGIN ATOMIC, RETURN), names qualified. */
  sqlBody: string | null
  defaults: string | null
  searchPath: string | null
  /** Functions behind an aggregate. */
  parts: string[]
}

export interface ForeignKey {
  name: string
  /** The table that is referred to, and the one whose rows follow. */
  parent: string
  child: string
  /** `c` CASCADE, `n` SET NULL, `d` SET DEFAULT; anything else changes nothing. */
  onDelete: string
  onUpdate: string
}

/** A trigger, or a column with a default; with each routine that it names. */
export interface Trigger {
  name: string
  relation: string
  routine: string
}

export interface Rule {
  name: string
  relation: string
  definition: string
}

export interface Policy {
  name: string
  relation: string
  condition: string | null
}

/** A view or policy, and what it names. */
export interface Use {
  user: string
  used: string
  kind: 'pg_class' | 'pg_proc' | 'pg_operator'
}

export interface Catalogs {
  relations: Relation[]
  routines: Routine[]
  foreignKeys: ForeignKey[]
  /** Also with what the WHEN conditions call. */
  triggers: Trigger[]
  /** Also of generated columns. */
  defaults: Trigger[]
  rules: Rule[]
  policies: Policy[]
  /** Child to parent, of partitions and of inheritance. */
  parents: { user: string; used: string }[]
  /** View to what its query names. */
  viewUses: Use[]
  policyUses: Use[]
  /** Operators and casts of the user's own, by the routine behind them. */
  operators: { oid: string; name: string; routine: string }[]
}

const USERS = (schema: string) => `${schema} !~ '^pg_' AND ${schema} <> 'information_schema'`
const OF_EXTENSION = (classid: string, objid: string) =>
  `(SELECT e.extname FROM pg_depend x JOIN pg_extension e ON e.oid = x.refobjid
    WHERE x.classid = '${classid}'::regclass AND x.objid = ${objid} AND x.deptype = 'e' LIMIT 1)`

/** Each gives one row for each thing; its columns are the properties of the types above. PostgreSQL 14 to 18. */
const QUERIES: { readonly [K in keyof Catalogs]: string } = {
  relations: `
    SELECT c.oid::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind, c.relrowsecurity AS "rowSecurity",
      CASE WHEN c.relkind = 'v' THEN pg_relation_is_updatable(c.oid, true) & 28 <> 0 ELSE true END AS updatable,
      CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END AS definition, s.srvname AS server
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid LEFT JOIN pg_foreign_server s ON s.oid = f.ftserver
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND ${USERS('n.nspname')}`,
  routines: `
    SELECT p.oid::text AS oid, n.nspname AS schema, p.proname AS name,
      CASE WHEN p.pronargs > 0 AND p.pronargs - p.pronargdefaults <= 1 THEN
        (SELECT CASE WHEN t.typname IN ('anyelement', 'anynonarray', 'anycompatible', 'anycompatiblenonarray', 'record', 'any') THEN 'any'
           ELSE nullif(t.typrelid, 0)::text END
         FROM pg_type t WHERE t.oid = CASE WHEN p.pronargs = 1 AND p.provariadic <> 0 THEN p.provariadic ELSE p.proargtypes[0] END) END AS "rowOf",
      p.prokind AS kind, p.provolatile AS volatility, l.lanname AS language,
      (p.prorettype = ANY (h.types) OR p.proargtypes::oid[] && h.types) AS hidden, ${OF_EXTENSION('pg_proc', 'p.oid')} AS extension,
      coalesce(p.prosrc, '') AS source, CASE WHEN p.prosqlbody IS NOT NULL THEN pg_get_function_sqlbody(p.oid) END AS "sqlBody",
      pg_get_expr(p.proargdefaults, 0) AS defaults,
      (SELECT substr(s, 13) FROM unnest(p.proconfig) s WHERE s LIKE 'search_path=%') AS "searchPath",
      coalesce((SELECT json_agg(f::oid::text ORDER BY f::oid) FROM pg_aggregate a,
        unnest(ARRAY[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]) f
        WHERE a.aggfnoid = p.oid AND f <> 0), '[]') AS parts
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang,
      (SELECT array_agg(t.oid) AS types FROM pg_type t
       WHERE t.typname IN ('internal', 'cstring', 'trigger', 'event_trigger') OR t.typname LIKE '%\\_handler') h
    WHERE ${USERS('n.nspname')}`,
  foreignKeys: `
    SELECT conname AS name, confrelid::text AS parent, conrelid::text AS child, confdeltype AS "onDelete", confupdtype AS "onUpdate"
    FROM pg_constraint
    WHERE contype = 'f' AND conparentid = 0 AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd'))`,
  triggers: `
    SELECT DISTINCT tgname AS name, tgrelid::text AS relation, d.refobjid::text AS routine
    FROM pg_trigger t JOIN pg_depend d ON d.classid = 'pg_trigger'::regclass AND d.objid = t.oid AND d.refclassid = 'pg_proc'::regclass
    WHERE NOT tgisinternal AND tgparentid = 0 AND tgenabled IN ('O', 'A')`,
  defaults: `
    SELECT DISTINCT attname AS name, adrelid::text AS relation, d.refobjid::text AS routine
    FROM pg_attrdef a JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
      JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid AND d.refclassid = 'pg_proc'::regclass`,
  rules: `
    SELECT r.rulename AS name, r.ev_class::text AS relation, pg_get_ruledef(r.oid) AS definition
    FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE r.ev_type <> '1' AND r.ev_enabled IN ('O', 'A') AND ${USERS('n.nspname')}`,
  policies: `
    SELECT p.polname AS name, p.polrelid::text AS relation, pg_get_expr(p.polqual, p.polrelid) AS condition
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relrowsecurity AND p.polcmd IN ('r', '*')`,
  parents: `
    SELECT i.inhrelid::text AS user, i.inhparent::text AS used
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relkind IN ('r', 'p', 'f')`,
  viewUses: `
    SELECT DISTINCT r.ev_class::text AS user, d.refobjid::text AS used, d.refclassid::regclass::text AS kind
    FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_operator'::regclass)
      AND r.ev_type = '1' AND d.refobjid <> r.ev_class`,
  policyUses: `
    SELECT DISTINCT p.polrelid::text AS user, d.refobjid::text AS used, d.refclassid::regclass::text AS kind
    FROM pg_depend d JOIN pg_policy p ON p.oid = d.objid
    WHERE d.classid = 'pg_policy'::regclass AND p.polcmd IN ('r', '*')
      AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_operator'::regclass) AND d.refobjid <> p.polrelid`,
  operators: `
    SELECT o.oid::text AS oid, 'operator ' || o.oid::regoperator AS name, o.oprcode::oid::text AS routine
    FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oprcode <> 0 AND ${USERS('n.nspname')}
    UNION ALL
    SELECT 'cast ' || c.oid, 'cast from ' || castsource::regtype || ' to ' || casttarget::regtype, c.castfunc::text
    FROM pg_cast c JOIN pg_proc p ON p.oid = c.castfunc JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${USERS('n.nspname')}`,
}

/**
 * Reads everything at one moment. Rejects with the driver's own error.
 * Names come out qualified, because nothing is on the search path meanwhile.
 */
export async function readCatalogs(database: Database): Promise<Catalogs> {
  const names = Object.keys(QUERIES) as (keyof Catalogs)[]
  const statements = names.map((name) => ({
    sql: `SELECT coalesce(json_agg(to_json(q)), '[]')::text FROM (${QUERIES[name]}) q`,
    params: [],
  }))
  const [, ...results] = await database.transaction(
    [{ sql: "SELECT set_config('search_path', '', true)", params: [] }, ...statements],
    { readOnly: true, isolationLevel: 'RepeatableRead' },
  )
  const catalogs: Record<string, unknown> = {}
  names.forEach((name, i) => (catalogs[name] = JSON.parse(textOf(results[i]!))))
  return catalogs as unknown as Catalogs
}

const textOf = ({ rows }: DatabaseResult): string => rows[0]![0] as string
