/** A schema with everything that the text of a query does not show. `eqc_map` is the default schema, `eqc_app` another. */
export const SCHEMAS = ['eqc_map', 'eqc_app']

export const SETUP = `
CREATE SCHEMA eqc_map;
CREATE SCHEMA eqc_app;
SET search_path = eqc_map;

-- Tables, foreign keys
CREATE TABLE users (id serial PRIMARY KEY, name text, manager int REFERENCES users ON DELETE SET NULL, updated_at timestamptz);
CREATE TABLE orders (id int PRIMARY KEY, user_id int CONSTRAINT orders_user REFERENCES users ON DELETE CASCADE, total int);
CREATE TABLE lines (id int, order_id int CONSTRAINT lines_order REFERENCES orders ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE kept (id int, user_id int REFERENCES users);
CREATE TABLE "Odd ""Name""" (id int);
CREATE TABLE log (what text);
CREATE TABLE totals (user_id int, n int);
CREATE TABLE eqc_app.settings (key text, value text);

-- Views
CREATE VIEW named AS SELECT id, name FROM users WHERE name IS NOT NULL;
CREATE VIEW named_orders AS SELECT o.id, o.total, n.name FROM orders o JOIN named n ON n.id = o.user_id;
CREATE VIEW recent AS SELECT * FROM users WHERE updated_at > now() - interval '1 day';
CREATE VIEW mine AS SELECT * FROM orders WHERE user_id::text = current_setting('app.user', true);
CREATE VIEW constants AS SELECT 1 AS one;
CREATE VIEW tables AS SELECT relname FROM pg_class;
CREATE VIEW sessions AS SELECT pid FROM pg_stat_activity;
CREATE MATERIALIZED VIEW summary AS SELECT user_id, sum(total) AS total FROM orders GROUP BY user_id;
CREATE VIEW over_summary AS SELECT * FROM summary;
CREATE VIEW eqc_app.odd AS SELECT id FROM "Odd ""Name""";

-- Functions
CREATE FUNCTION slug(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower($1) $$;
CREATE FUNCTION order_total(int) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT sum(total) FROM orders WHERE user_id = $1 $$;
CREATE FUNCTION order_total(text) RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM lines';
CREATE FUNCTION atomic_total(who int) RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM orders WHERE user_id = who; END;
CREATE FUNCTION returned(who int) RETURNS int RETURN (SELECT max(id) FROM users WHERE id = who);
CREATE FUNCTION indirect(int) RETURNS bigint LANGUAGE sql AS $$ SELECT order_total($1) + atomic_total($1) $$;
CREATE FUNCTION tick() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT now() $$;
CREATE FUNCTION me() RETURNS text LANGUAGE sql STABLE AS $$ SELECT current_setting('app.user', true) $$;
CREATE FUNCTION my_orders() RETURNS SETOF orders LANGUAGE sql AS $$ SELECT * FROM orders WHERE user_id::text = me() $$;
CREATE FUNCTION dynamic_read(t text) RETURNS int LANGUAGE plpgsql STABLE AS $$
DECLARE n int; BEGIN EXECUTE format('SELECT count(*) FROM %I', t) INTO n; RETURN n; END $$;
CREATE FUNCTION dynamic_write(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DELETE FROM ' || t; END $$;
CREATE FUNCTION fixed_text() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DELETE FROM log WHERE what = $1' USING 'x'; END $$;
CREATE FUNCTION bump(who int) RETURNS int LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  before int := 0;
  c CURSOR (k int) FOR SELECT id FROM lines WHERE id > k;
  r record;
BEGIN
  SELECT n INTO before FROM totals WHERE user_id = who;
  IF before IS NULL OR EXISTS (SELECT 1 FROM kept) THEN
    INSERT INTO totals VALUES (who, CASE WHEN before IS NULL THEN 0 ELSE 1 END);
  ELSIF before > 10 THEN
    RAISE NOTICE 'bumped % times', before USING HINT = slug('A');
  ELSE
    UPDATE totals SET n = n + 1 WHERE user_id = who RETURNING n INTO before;
  END IF;
  <<every>>
  FOR r IN c(1) LOOP
    PERFORM order_total(r.id);
  END LOOP;
  FOR r IN SELECT * FROM eqc_app.settings LOOP
    before := before + 1;
    EXIT WHEN before > 3;
  END LOOP;
  FOR i IN 1..3 LOOP
    CASE i WHEN 1 THEN NULL; ELSE before = i; END CASE;
  END LOOP;
  BEGIN
    RETURN before;
  EXCEPTION WHEN unique_violation OR others THEN
    RETURN 0;
  END;
END $$;
CREATE PROCEDURE tidy(days int DEFAULT 3) LANGUAGE plpgsql AS $$ BEGIN DELETE FROM log; COMMIT; CALL eqc_app.deep(); END $$;
CREATE PROCEDURE eqc_app.deep() LANGUAGE sql SET search_path = eqc_app, eqc_map AS $$ UPDATE settings SET value = ''; $$;
CREATE FUNCTION login(who text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN INSERT INTO log VALUES (who); PERFORM pg_catalog.set_config('app.user', who, false); END $$;
CREATE FUNCTION relogin(who text) RETURNS void LANGUAGE sql AS $$ UPDATE kept SET id = id; SELECT login(who) $$;
CREATE FUNCTION become(who text) RETURNS text LANGUAGE sql AS $$ SELECT set_config('app.user', who, false) $$;
CREATE FUNCTION set_path() RETURNS void LANGUAGE plpgsql AS $$ BEGIN SET search_path = eqc_app; DELETE FROM log; END $$;
CREATE FUNCTION pick() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TEMP TABLE picked AS SELECT id FROM kept; END $$;
CREATE FUNCTION set_rows() RETURNS void LANGUAGE sql AS $$ UPDATE pg_settings SET setting = '1' WHERE name = 'work_mem' $$;
CREATE FUNCTION log_now() RETURNS void LANGUAGE sql AS $$ INSERT INTO log VALUES (now()::text || gen_random_uuid() || slug('x')) $$;
CREATE AGGREGATE total_of(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE FUNCTION add_logged(int, int) RETURNS int LANGUAGE sql AS $$ SELECT $1 + $2 + (SELECT count(*)::int FROM log) $$;
CREATE AGGREGATE logged_of(int) (SFUNC = add_logged, STYPE = int, INITCOND = '0');
CREATE FUNCTION label(users) RETURNS text LANGUAGE sql AS $$ SELECT value FROM eqc_app.settings WHERE key = $1.name $$;
CREATE FUNCTION settings_of(anyelement) RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM eqc_app.settings $$;
CREATE TABLE posts (id int);
CREATE FUNCTION liked_by_me(posts) RETURNS boolean LANGUAGE sql AS $$ SELECT me() = $1.id::text $$;
CREATE FUNCTION age_of(users) RETURNS interval LANGUAGE sql AS $$ SELECT now() - $1.updated_at $$;
CREATE FUNCTION touches(int, int) RETURNS boolean LANGUAGE sql AS $$ SELECT EXISTS (SELECT FROM log) $$;
CREATE OPERATOR ~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = touches);
CREATE VIEW by_operator AS SELECT 1 ~~~ 2 AS touched;
CREATE VIEW by_function AS SELECT order_total(1) AS total;
CREATE VIEW by_unknown AS SELECT dynamic_read('users') AS n;
CREATE FUNCTION locked() RETURNS int LANGUAGE sql AS $$ SELECT id FROM kept FOR UPDATE $$;
CREATE FUNCTION foreign_volatile(text) RETURNS text LANGUAGE internal AS 'lower';
CREATE FUNCTION foreign_stable(text) RETURNS text LANGUAGE internal STABLE AS 'lower';
CREATE FUNCTION foreign_immutable(text) RETURNS text LANGUAGE internal IMMUTABLE AS 'lower';

-- Triggers
CREATE TRIGGER same BEFORE UPDATE ON log FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE FUNCTION set_updated() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
CREATE FUNCTION log_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN INSERT INTO log SELECT key FROM eqc_app.settings; RETURN OLD; END IF;
  PERFORM bump(NEW.user_id);
  RETURN NEW;
END $$;
CREATE FUNCTION log_anywhere() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'INSERT INTO ' || TG_ARGV[0] || ' VALUES (1)'; RETURN NEW; END $$;
CREATE TRIGGER updated BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION set_updated();
CREATE TRIGGER logged AFTER INSERT OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION log_order();
CREATE TRIGGER anywhere AFTER INSERT ON kept FOR EACH ROW EXECUTE FUNCTION log_anywhere('log');
CREATE TRIGGER off AFTER INSERT ON lines FOR EACH ROW EXECUTE FUNCTION log_anywhere('log');
ALTER TABLE lines DISABLE TRIGGER off;
CREATE FUNCTION insert_named() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (NEW.name); RETURN NEW; END $$;
CREATE TRIGGER instead INSTEAD OF INSERT ON named_orders FOR EACH ROW EXECUTE FUNCTION insert_named();

CREATE FUNCTION same_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION counted() RETURNS boolean LANGUAGE sql AS $$ UPDATE totals SET n = n + 1 RETURNING true $$;
CREATE TABLE visits (id int);
CREATE TRIGGER checked BEFORE INSERT ON visits FOR EACH ROW WHEN (counted()) EXECUTE FUNCTION same_row();
CREATE TABLE numbers (n int);
CREATE FUNCTION next_number() RETURNS int LANGUAGE sql AS $$ UPDATE numbers SET n = n + 1 RETURNING n $$;
CREATE FUNCTION highest(who users, plus int DEFAULT 0) RETURNS int LANGUAGE sql AS $$ SELECT max(n) + plus FROM numbers $$;
CREATE TABLE bills (number int DEFAULT next_number(), for_whom text);

-- Rules
CREATE RULE also AS ON INSERT TO totals DO ALSO (INSERT INTO log VALUES ('x'); UPDATE eqc_app.settings SET value = 'y' WHERE EXISTS (SELECT FROM kept));

-- Partitions and inheritance
CREATE TABLE events (id int, at int) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (at);
CREATE TABLE events_1a PARTITION OF events_1 FOR VALUES FROM (0) TO (50);
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (100) TO (200);
CREATE TABLE base (id int);
CREATE TABLE derived (extra int) INHERITS (base);
CREATE TABLE other_base (id int);
CREATE TABLE shared () INHERITS (derived, other_base);
CREATE FUNCTION log_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES ('event'); PERFORM set_config('app.last', 'event', false); RETURN NEW; END $$;
CREATE TRIGGER leaf AFTER INSERT ON events_1a FOR EACH ROW EXECUTE FUNCTION log_event();

-- Row-level security
CREATE TABLE teams (id int, owner text);
CREATE TABLE accounts (id int, team int);
ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON accounts FOR SELECT USING (team IN (SELECT t.id FROM teams t WHERE t.owner = me()));
CREATE TABLE offers (id int, until timestamptz);
ALTER TABLE offers ENABLE ROW LEVEL SECURITY;
CREATE POLICY valid ON offers USING (until > now());
CREATE TABLE unsecured (id int);
CREATE POLICY idle ON unsecured USING (id IN (SELECT id FROM kept));
CREATE VIEW team_accounts AS SELECT * FROM accounts;

-- Others' tables
CREATE FOREIGN DATA WRAPPER eqc_nothing;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER eqc_nothing;
CREATE FOREIGN TABLE remote (id int) SERVER elsewhere;

-- An extension: stable, volatile, and one that runs SQL which it is given as text
CREATE EXTENSION tablefunc SCHEMA eqc_app;
CREATE VIEW random_view AS SELECT * FROM eqc_app.normal_rand(1, 2, 3);
`

export const ROWS = `
INSERT INTO users (name) SELECT 'user ' || i FROM generate_series(1, 20) i;
INSERT INTO orders SELECT i, i, 10 FROM generate_series(1, 20) i;
INSERT INTO lines SELECT i, i FROM generate_series(1, 20) i;
INSERT INTO eqc_app.settings VALUES ('user 3', 'b');
INSERT INTO base SELECT generate_series(1, 9);
INSERT INTO derived SELECT generate_series(1, 9), 0;
INSERT INTO shared SELECT generate_series(10, 18), 0;
INSERT INTO accounts VALUES (1, 1);
INSERT INTO numbers VALUES (0);
INSERT INTO posts VALUES (1);
`
