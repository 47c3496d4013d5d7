import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { auditRows } from '../../examples/cloudflare-hono/launch/audit-rows.ts'
import { copyText } from '../../examples/cloudflare-hono/launch/copy-text.ts'
import { freePorts } from '../../examples/cloudflare-hono/launch/free-ports.ts'
import { forget, stopLeftovers, writeDown } from '../../examples/cloudflare-hono/launch/leftovers.ts'
import { loadData, type LoadTarget } from '../../examples/cloudflare-hono/launch/load-data.ts'
import { processFacts } from '../../examples/cloudflare-hono/launch/processes.ts'
import { lastDays } from '../../examples/cloudflare-hono/src/days.ts'

const NOON = Date.UTC(2026, 10, 24, 12)

describe('the rows that are made up', () => {
  it('are the same at every load of a day, and end yesterday', () => {
    expect(auditRows(NOON)).toEqual(auditRows(NOON + 3_600_000))
    const times = auditRows(NOON).audit_events.map((row) => String(row.at(-1)))
    expect(times.at(-1)).toMatch(/^2026-11-23/)
    expect(times).toEqual([...times].sort())
  })
})

describe('the text of COPY', () => {
  it('escapes what would end a column or a row', () => {
    expect(
      copyText([
        ['a\tb', 1],
        ['c\\\n\r', -2.5],
      ]),
    ).toBe('a\\tb\t1\nc\\\\\\n\\r\t-2.5\n')
  })
})

describe('the bounds of a time series', () => {
  it('are the same two values from midnight to midnight', () => {
    const midnight = Date.UTC(2026, 10, 24)
    expect(lastDays(30, midnight)).toEqual(lastDays(30, midnight + 86_399_999))
    expect(lastDays(1, NOON)).toEqual(['2026-11-24T00:00:00.000Z', '2026-11-25T00:00:00.000Z'])
  })
})

describe('the search for ports', () => {
  it('passes over one that is taken on any address', async () => {
    const server = createServer()
    await once(server.listen(19_300, '0.0.0.0'), 'listening')
    expect(await freePorts(19_300, 2)).toEqual([19_301, 19_302])
    await new Promise((resolve) => server.close(resolve))
  })

  it('gives up with the option that helps', async () => {
    await expect(freePorts(65_535, 2)).rejects.toThrow('--port')
  })
})

const silent = () => ({ advance: () => undefined, end: () => undefined })

describe('the load', () => {
  /** A database that knows only which tables exist, and what was said to it. */
  function target(tables: string[], loaded: boolean): LoadTarget & { said: string[] } {
    const said: string[] = []
    return {
      said,
      exec: async (sql) => void said.push(sql),
      query: async (sql) => {
        const asked = /tablename = '(\w+)'/.exec(sql)?.[1]
        const there = asked === undefined ? loaded : tables.includes(asked)
        return { rows: there ? [['1']] : [] }
      },
      copy: async () => undefined,
    }
  }

  it('leaves tables alone that it did not make', async () => {
    const theirs = target(['users'], false)
    await expect(loadData(theirs)).rejects.toThrow('`users`')
    expect(theirs.said).toEqual([])
  })

  it('is skipped once it has been finished', async () => {
    const done = target(['edge_query_cache_example', 'users'], true)
    expect(await loadData(done)).toBe(false)
    expect(done.said).toEqual([])
  })

  it('begins again when it was interrupted, and marks the end last', async () => {
    const interrupted = target(['edge_query_cache_example', 'users'], false)
    expect(await loadData(interrupted, silent)).toBe(true)
    expect(interrupted.said).toContain('drop table if exists users')
    expect(interrupted.said.at(-1)).toMatch(/set finished = true/)
  })
})

describe('what a killed launcher left', () => {
  const idle = () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' })

  it('is stopped', async () => {
    const dataDir = mkdtempSync(path.join(tmpdir(), 'leftovers-'))
    const child = idle()
    const ended = new Promise((resolve) => child.once('exit', resolve))
    const { started } = processFacts(child.pid!)!
    const killed = { launcher: { pid: 1, started: 'long ago' }, groups: [{ group: child.pid, started }] }
    writeFileSync(path.join(dataDir, 'processes.json'), JSON.stringify(killed))
    expect(await stopLeftovers(dataDir)).toBe(1)
    await ended
    expect(processFacts(child.pid!)).toBeUndefined()
    rmSync(dataDir, { recursive: true })
  })

  it('is left alone when its number was given to someone else', async () => {
    const dataDir = mkdtempSync(path.join(tmpdir(), 'leftovers-'))
    const child = idle()
    const killed = {
      launcher: { pid: 1, started: 'long ago' },
      groups: [{ group: child.pid, started: 'another time' }],
    }
    writeFileSync(path.join(dataDir, 'processes.json'), JSON.stringify(killed))
    expect(await stopLeftovers(dataDir)).toBe(0)
    expect(processFacts(child.pid!)).toBeDefined()
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill()
    await ended
    rmSync(dataDir, { recursive: true })
  })

  it('is left alone while the launcher lives', async () => {
    const dataDir = mkdtempSync(path.join(tmpdir(), 'leftovers-'))
    const child = idle()
    writeDown(dataDir, [child.pid!])
    expect(await stopLeftovers(dataDir)).toBe(0)
    expect(processFacts(child.pid!)).toBeDefined()
    forget(dataDir)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill()
    await ended
    rmSync(dataDir, { recursive: true })
  })
})
