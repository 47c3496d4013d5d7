import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** Runs `use` with the address of a new, empty database of the server at TEST_DATABASE_URL, and drops it afterwards. */
export async function withDatabase(name, use) {
  const url = new URL(process.env['TEST_DATABASE_URL'] ?? 'postgres://root@127.0.0.1:5432/test')
  const admin = new pg.Client({ connectionString: url.href })
  await admin.connect()
  const database = `orm_corpora_${name}_${process.pid}`
  try {
    await admin.query(`create database ${database}`)
    const own = new URL(url)
    own.pathname = `/${database}`
    await use(own.href)
  } finally {
    await unused(admin, database)
    await admin.query(`drop database if exists ${database} with (force)`)
    await admin.end()
  }
}

/** A pool says that it has ended before its connections have; one that the drop cuts off would end the process with an error. */
async function unused(admin, database) {
  for (let tries = 0; tries < 100; tries++) {
    const { rows } = await admin.query('select from pg_stat_activity where datname = $1', [database])
    if (rows.length === 0) return
    await sleep(50)
  }
}
