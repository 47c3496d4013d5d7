/** Where the clock is not that of UTC, a time with a zone is told from one without. */
import { types as neon } from '@neondatabase/serverless'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quickParser } from '../../src/codec/timestamps.js'

type Parser = (text: string) => unknown

const before = process.env['TZ']
beforeAll(() => void (process.env['TZ'] = 'America/New_York'))
afterAll(() => {
  if (before === undefined) delete process.env['TZ']
  else process.env['TZ'] = before
})

describe.each<[string, Parser]>([
  ['Neon', neon.getTypeParser(1184) as Parser],
  ['pg', pg.types.getTypeParser(1184) as Parser],
])('a time by the driver of %s', (_, parse) => {
  it('is in that zone or in UTC, as by its own parser, when the clocks are changed too', () => {
    const quick = quickParser(1184, parse)
    expect(quick).not.toBe(parse)
    expect(quick('2024-01-01 00:00:00+00')).toStrictEqual(new Date('2024-01-01T00:00:00Z'))
    expect(quick('2024-01-01 00:00:00')).toStrictEqual(new Date('2024-01-01T05:00:00Z'))
    for (const day of ['2024-03-10', '2024-07-01', '2024-11-03', '1974-01-06', '2037-12-31'])
      for (let hour = 0; hour < 24; hour++)
        for (const zone of ['', '+00', '-04', '-05', '+05:30']) {
          const text = `${day} ${String(hour).padStart(2, '0')}:30:15.678${zone}`
          expect(quick(text)).toStrictEqual(parse(text))
        }
  })
})
