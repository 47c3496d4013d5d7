/** A database of its own on a real PostgreSQL, with every way in which rows can depend on who asks. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'

export type Person = 'alice' | 'bob'
export const PEOPLE: readonly Person[] = ['alice', 'bob']
export const other = (person: Person): Person => (person === 'alice' ? 'bob' : 'alice')

/** Every row says whose it is, or that it is everybody's, so that a row that went astray shows it. */
export const EVERYBODY = 'all'

export class SecuredDatabase {
  readonly name = `eqc_rls_${process.pid}_${randomBytes(3).toString('hex')}`
  readonly roles: Record<Person | 'login' | 'owner', string>
  readonly #server: URL

  constructor(server: string) {
    this.#server = new URL(server)
    const role = (who: string) => `${this.name}_${who}`
    this.roles = { alice: role('alice'), bob: role('bob'), login: role('login'), owner: role('owner') }
  }

  /** The connection of a role, as `pg` takes it. */
  connectionOf(who: keyof SecuredDatabase['roles']): string {
    const url = new URL(this.#server)
    url.username = this.roles[who]
    url.pathname = `/${this.name}`
    return url.href
  }

  async create(): Promise<void> {
    const { roles, name } = this
    await this.#onServer([
      ...Object.values(roles).map((role) => `CREATE ROLE ${role} LOGIN`),
      // May become either of them, and sees of itself what is everybody's.
      `GRANT ${roles.alice}, ${roles.bob} TO ${roles.login}`,
      `CREATE DATABASE ${name}`,
      ...PEOPLE.flatMap((person) => settingsOf(person).map((set) => `ALTER ROLE ${roles[person]} SET ${set}`)),
    ])
    const url = new URL(this.#server)
    url.pathname = `/${name}`
    await run(url.href, SCHEMA.replaceAll('$owner', roles.owner).replaceAll('$alice', roles.alice).split(';\n\n'))
  }

  async drop(): Promise<void> {
    await this.#onServer([
      `DROP DATABASE IF EXISTS ${this.name} WITH (FORCE)`,
      ...Object.values(this.roles).map((role) => `DROP ROLE IF EXISTS ${role}`),
    ])
  }

  #onServer(statements: readonly string[]): Promise<void> {
    return run(this.#server.href, statements)
  }
}

async function run(connectionString: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}

const claimsOf = (person: Person): string => JSON.stringify({ sub: person })

/** What makes a session of the role one of the person's, besides its role. */
export const settingsOf = (person: Person): string[] => [
  `app.user_id = '${person}'`,
  `request.jwt.claims = '${claimsOf(person)}'`,
]

/**
 * `notes`: secured by role, and its owner is one of the two. `orders`: by a setting. `messages`: by a token's claims. `ledger`: its view
 * belongs to its owner, who is not held back, and asks by itself who asks.
 */
const SCHEMA = `
GRANT CREATE, USAGE ON SCHEMA public TO PUBLIC;

CREATE SCHEMA auth;

CREATE FUNCTION auth.user_id() RETURNS text LANGUAGE sql STABLE
  AS $$ SELECT nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub' $$;

GRANT USAGE ON SCHEMA auth TO PUBLIC;

CREATE TABLE products (id int PRIMARY KEY, whose text NOT NULL DEFAULT 'all', n int NOT NULL);

CREATE TABLE notes (id serial PRIMARY KEY, whose text NOT NULL, n int NOT NULL);

CREATE TABLE orders (id serial PRIMARY KEY, whose text NOT NULL, product int, n int NOT NULL);

CREATE TABLE messages (id serial PRIMARY KEY, whose text NOT NULL, n int NOT NULL);

CREATE TABLE ledger (id serial PRIMARY KEY, whose text NOT NULL, n int NOT NULL);

INSERT INTO products SELECT i, 'all', i FROM generate_series(1, 4) i;

INSERT INTO notes (whose, n) SELECT w, i FROM unnest(ARRAY['alice', 'bob', 'all']) w, generate_series(1, 3) i;

INSERT INTO orders (whose, product, n) SELECT w, i, i FROM unnest(ARRAY['alice', 'bob', 'bob', 'all']) w, generate_series(1, 3) i;

INSERT INTO messages (whose, n) SELECT w, i FROM unnest(ARRAY['alice', 'alice', 'bob', 'all']) w, generate_series(1, 3) i;

INSERT INTO ledger (whose, n) SELECT w, i * 10 FROM unnest(ARRAY['alice', 'bob']) w, generate_series(1, 3) i;

UPDATE ledger SET n = n + 1 WHERE whose = 'bob';

ALTER TABLE notes ENABLE ROW LEVEL SECURITY;

ALTER TABLE notes FORCE ROW LEVEL SECURITY;

ALTER TABLE orders ENABLE ROW LEVEL SECURITY;

ALTER TABLE messages ENABLE ROW LEVEL SECURITY;

ALTER TABLE ledger ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON notes USING (whose = 'all' OR current_user LIKE '%\\_' || whose);

CREATE POLICY own ON orders USING (whose IN ('all', current_setting('app.user_id', true)));

CREATE POLICY own ON messages USING (whose IN ('all', auth.user_id()));

CREATE POLICY own ON ledger USING (whose = current_setting('app.user_id', true));

CREATE VIEW my_orders WITH (security_invoker = true) AS SELECT id, whose, product, n FROM orders;

CREATE VIEW my_ledger AS SELECT id, whose, n FROM ledger WHERE whose = current_setting('app.user_id', true);

CREATE VIEW everybodys AS SELECT 'all' AS whose, count(*)::int AS id, sum(n)::int AS n FROM orders;

CREATE FUNCTION my_balance() RETURNS TABLE (whose text, id int, n int) LANGUAGE sql STABLE SECURITY DEFINER
  AS $$ SELECT whose, count(*)::int, sum(n)::int FROM ledger WHERE whose = current_setting('app.user_id', true) GROUP BY whose $$;

ALTER TABLE products OWNER TO $owner;

ALTER TABLE orders OWNER TO $owner;

ALTER TABLE messages OWNER TO $owner;

ALTER TABLE ledger OWNER TO $owner;

ALTER VIEW my_ledger OWNER TO $owner;

ALTER VIEW my_orders OWNER TO $owner;

ALTER VIEW everybodys OWNER TO $owner;

ALTER FUNCTION my_balance() OWNER TO $owner;

GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC;

GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO PUBLIC;

ALTER TABLE notes OWNER TO $alice
`
