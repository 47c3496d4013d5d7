import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { ROOT, page } from './pages.js'

const MAP = 'docs/architecture.md'

const sources = readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replaceAll(path.sep, '/'))
  .sort()

/** Rows of the map: `| `l1.ts` | purpose |`. */
const mapped = page(MAP).lines.flatMap((line) => {
  const row = /^\|\s*`([\w/.-]+\.ts)`\s*\|\s*(.*?)\s*\|\s*$/.exec(line)
  return row ? [{ file: row[1]!, purpose: row[2]! }] : []
})

describe('the module map', () => {
  test('every file of src is in it', () => {
    const known = new Set(mapped.map(({ file }) => file))
    expect(sources.filter((file) => !known.has(file))).toEqual([])
  })

  test('every file that it names exists', () => {
    expect(mapped.map(({ file }) => file).filter((file) => !sources.includes(file))).toEqual([])
  })

  test('a file is in it once, with a purpose', () => {
    const names = mapped.map(({ file }) => file)
    expect(names.filter((file, i) => names.indexOf(file) !== i)).toEqual([])
    expect(mapped.filter(({ purpose }) => purpose.length < 10)).toEqual([])
  })
})

describe('the invariants between modules', () => {
  const source = (file: string) => readFileSync(path.join(ROOT, 'src', file), 'utf8')
  const importers = (pattern: RegExp) => sources.filter((file) => pattern.test(source(file))).sort()

  test('only redis.ts loads the Redis SDK', () => {
    expect(importers(/^import \{[^}]*\} from '@upstash\/redis'/m)).toEqual(['redis.ts'])
  })

  test('only neon-http.ts loads the Neon driver', () => {
    expect(importers(/^import \{[^}]*\} from '@neondatabase\/serverless'/m)).toEqual(['database/neon-http.ts'])
  })

  test('node modules are loaded by dev/ only', () => {
    expect(importers(/from 'node:/).filter((file) => !file.startsWith('dev/'))).toEqual([])
  })

  test('nothing outside dev/ loads dev/', () => {
    expect(importers(/from '\.{1,2}\/(?:.*\/)?dev\//).filter((file) => !file.startsWith('dev/'))).toEqual([])
  })
})
