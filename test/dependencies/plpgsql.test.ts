import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DYNAMIC, readPlpgsql } from '../../src/dev/dependencies/plpgsql.js'

/** Without PostgreSQL's own. */
const names = (list: readonly (readonly string[])[]) =>
  [...new Set(list.map((name) => name.join('.')))]
    .filter((name) => !/^(max|count)$/.test(name))
    .sort()
    .join(' ')
const body = (statements: string, declarations = '') => `DECLARE ${declarations} BEGIN ${statements} END`

describe('the SQL inside PL/pgSQL', () => {
  it.each<[string, { reads?: string; writes?: string; calls?: string; declare?: string }]>([
    ['SELECT a INTO x FROM t;', { reads: 't' }],
    ['SELECT a, b INTO STRICT x, r.y[1] FROM t;', { reads: 't' }],
    ['SELECT INTO x * FROM t;', { reads: 't' }],
    ['SELECT INTO x, y a, b FROM t JOIN s.u USING (id);', { reads: 's.u t' }],
    ['INSERT INTO t SELECT * FROM u RETURNING id INTO x;', { reads: 'u', writes: 't' }],
    ['MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE;', { reads: 'u', writes: 't' }],
    ['WITH gone AS (DELETE FROM t RETURNING *) SELECT count(*) INTO n FROM gone;', { writes: 't' }],
    ['INSERT INTO t VALUES (NEW.*); INSERT INTO u SELECT (OLD).*, r.a[1].b;', { writes: 't u' }],
    ['PERFORM f(id) FROM t;', { reads: 't', calls: 'f' }],
    ['CALL app.p(1, (SELECT max(id) FROM t));', { reads: 't', calls: 'app.p' }],
    ['x := (SELECT max(id) FROM t);', { reads: 't' }],
    ['x = f(1);', { calls: 'f' }],
    ['r.a[2] := f(1);', { calls: 'f' }],
    ['a[f(1)].b := (SELECT 1 FROM t);', { reads: 't', calls: 'f' }],
    [
      'OPEN c(k := f()); OPEN d;',
      { declare: 'c CURSOR (k int) FOR SELECT * FROM t; d CURSOR FOR TABLE u;', reads: 't u', calls: 'f' },
    ],
    [
      'IF EXISTS (SELECT FROM t) THEN DELETE FROM u; ELSIF f() THEN NULL; ELSE TRUNCATE v; END IF;',
      { reads: 't', writes: 'u v', calls: 'f' },
    ],
    ['CASE x WHEN f(1), 2 THEN DELETE FROM t; ELSE DELETE FROM u; END CASE;', { writes: 't u', calls: 'f' }],
    ['CASE WHEN (CASE WHEN a THEN 1 ELSE 2 END) = f() THEN DELETE FROM t; END CASE;', { writes: 't', calls: 'f' }],
    ['x := CASE WHEN a THEN f() ELSE g() END; DELETE FROM t;', { writes: 't', calls: 'f g' }],
    ['WHILE f() LOOP DELETE FROM t; EXIT WHEN g(); END LOOP;', { writes: 't', calls: 'f g' }],
    [
      '<<here>> FOR r IN SELECT * FROM t LOOP DELETE FROM u WHERE id = r.id; CONTINUE here; END LOOP here;',
      { reads: 't', writes: 'u' },
    ],
    ['FOR i IN REVERSE f(1)..(SELECT max(a) FROM t) BY g() LOOP NULL; END LOOP;', { reads: 't', calls: 'f g' }],
    ['FOREACH x SLICE 1 IN ARRAY f() LOOP DELETE FROM t; END LOOP;', { writes: 't', calls: 'f' }],
    [
      'FOR r IN c(f()) LOOP NULL; END LOOP;',
      { declare: 'c CURSOR (k int) FOR SELECT * FROM t;', reads: 't', calls: 'f' },
    ],
    ['OPEN c FOR SELECT * FROM t; FETCH c INTO r; CLOSE c;', { declare: 'c refcursor;', reads: 't' }],
    [
      'NULL;',
      {
        declare: 'a int := f(); b CONSTANT t.c%TYPE DEFAULT (SELECT 1 FROM u); d text = g();',
        reads: 'u',
        calls: 'f g',
      },
    ],
    ['RETURN QUERY SELECT * FROM t; RETURN NEXT f(); RETURN;', { reads: 't', calls: 'f' }],
    ['RETURN (SELECT count(*) FROM t);', { reads: 't' }],
    ["RAISE EXCEPTION 'no %', f() USING HINT = g(), ERRCODE = 'P0001';", { calls: 'f g' }],
    ["RAISE unique_violation USING MESSAGE = 'x';", {}],
    ["ASSERT f(), 'message';", { calls: 'f' }],
    ['BEGIN DELETE FROM t; EXCEPTION WHEN unique_violation OR others THEN DELETE FROM u; END;', { writes: 't u' }],
    ["EXECUTE 'DELETE FROM t WHERE id = $1' USING f();", { writes: 't', calls: 'f' }],
    ["RETURN QUERY EXECUTE 'SELECT * FROM t';", { reads: 't' }],
    ['GET DIAGNOSTICS n = ROW_COUNT; COMMIT; REFRESH MATERIALIZED VIEW m;', { writes: 'm pg_catalog.pg_class' }],
    ["x := 'DELETE FROM t; SELECT f()'; -- DELETE FROM u;", {}],
  ])('%s', (statements, { reads = '', writes = '', calls = '', declare = '' }) => {
    const facts = readPlpgsql(body(statements, declare))
    expect(facts.unknown).toEqual([])
    expect({ reads: names(facts.reads), writes: names(facts.writes), calls: names(facts.calls) }).toEqual({
      reads,
      writes,
      calls,
    })
  })

  it.each([
    "EXECUTE 'DELETE FROM ' || t;",
    "EXECUTE format('DELETE FROM %I', t) INTO n;",
    'RETURN QUERY EXECUTE q USING a;',
    'FOR r IN EXECUTE q LOOP NULL; END LOOP;',
    'OPEN c FOR EXECUTE q;',
  ])('does not know what %s does', (statement) => {
    expect(readPlpgsql(body(statement)).unknown).toEqual([DYNAMIC])
  })

  it.each([
    'DO $x$ BEGIN DELETE FROM t; END $x$;',
    'CREATE INDEX ON t (a);',
    'TRUNCATE t CASCADE;',
    'DELETE FROM WHERE;',
    'IF a THEN DELETE FROM t WHERE (; END IF;',
  ])('says that it does not know: %s', (statement) => {
    expect(readPlpgsql(body(statement)).unknown).not.toEqual([])
  })

  it('finds clocks and callers', () => {
    const facts = readPlpgsql(body("NEW.at := now(); x := current_user; y := current_setting('a');"))
    expect(facts).toMatchObject({ volatile: ['now'], identity: ['current_user', 'current_setting'], unknown: [] })
  })

  it('takes any text', () => {
    const words =
      'if then else end loop case when for in into ; ( ) [ ] , . := = .. << >> declare begin exception select from t execute \'x\' return query raise using insert perform $1 "a" #'.split(
        ' ',
      )
    const soup = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 5 })), { maxLength: 60 })
    fc.assert(
      fc.property(soup, (parts) => {
        const { unknown } = readPlpgsql(parts.join(' '))
        expect(unknown.every((what) => typeof what === 'string')).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it('takes time that is linear in the text', () => {
    const timed = (times: number) => {
      const text = body('IF a THEN SELECT x INTO y FROM t; ELSE EXECUTE q; END IF; '.repeat(times))
      const startedAt = performance.now()
      readPlpgsql(text)
      return performance.now() - startedAt
    }
    timed(2_000)
    expect(timed(20_000)).toBeLessThan(60 * timed(2_000) + 1_000)
  })
})
