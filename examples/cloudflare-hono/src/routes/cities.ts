import { Hono } from 'hono'
import { answer, answerOne } from '../answer.ts'
import type { AppEnv } from '../env.ts'
import { integer, text } from '../input.ts'
import { statements } from '../statements.ts'

interface City {
  id: number
  name: string
  country: string
  population: number
  latitude: number
  longitude: number
}

interface Country {
  country: string
  cities: number
  population: number
  largest: number
}

/** Reference data: it changes with a reload only, so it may be old for an hour and be renewed behind an answer for a day. */
const REFERENCE = { ttl: 3_600, staleWhileRevalidate: 86_400, staleIfError: 86_400 }

/** A search whose parameters are brought to one form first, so that `?q=Ber` and `?q=ber ` are one entry. */
function searchParams(query: (name: string) => string | undefined): [string, string, number, number] {
  const prefix = text(query('q') ?? '', 'q', { min: 0, max: 100 }).toLowerCase()
  return [
    `${prefix.replace(/[\\%_]/g, '\\$&')}%`,
    text(query('country') ?? '', 'country', { min: 0, max: 2 }).toUpperCase(),
    integer(query('min_population'), 'min_population', { min: 0, max: 100_000_000, fallback: 0 }),
    integer(query('limit'), 'limit', { min: 1, max: 200, fallback: 20 }),
  ]
}

export const cities = new Hono<AppEnv>()
  .get('/cities', async (c) => {
    const params = searchParams((name) => c.req.query(name))
    return answer(c, await c.var.queryCache.queryResult<City>(statements.searchCities, params, REFERENCE))
  })
  .get('/cities/:id', async (c) => {
    const id = integer(c.req.param('id'), 'id', { min: 1, max: 2_147_483_647 })
    return answerOne(c, await c.var.queryCache.queryResult<City>(statements.city, [id], REFERENCE), 'city')
  })
  .get('/countries', async (c) => {
    return answer(c, await c.var.queryCache.queryResult<Country>(statements.countries, [], REFERENCE))
  })
