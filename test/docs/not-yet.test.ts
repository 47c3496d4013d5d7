import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { validateQueryOptions } from '../../src/configure.js'
import { ROOT, page } from './pages.js'

const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  exports: Record<string, unknown>
  bin?: unknown
}

const text = page('README.md').lines.join('\n')
const paragraph = /\*\*Not yet:\*\*[^]*?(?=\n\n)/.exec(text)![0]

test('a subpath is either exported or named as not yet there', () => {
  const later = [...paragraph.matchAll(/`(\/\w+)`/g)].map(([, subpath]) => `.${subpath}`)
  expect(later.length).toBeGreaterThan(0)
  expect(later.filter((subpath) => Object.hasOwn(manifest.exports, subpath))).toEqual([])
  const imported = new Set([...text.matchAll(/'edge-query-cache(\/\w+)?'/g)].map(([, subpath]) => `.${subpath ?? ''}`))
  expect([...imported].filter((subpath) => !Object.hasOwn(manifest.exports, subpath))).toEqual([])
})

test('an option that is named as not yet there is refused', () => {
  expect(paragraph).toContain('`nowBucket`')
  expect(() => validateQueryOptions({ nowBucket: 60 } as never)).toThrow('`nowBucket` is not an option')
})

test('the command that the page names is there', () => {
  expect(paragraph).not.toContain('command line')
  expect(text).toContain('npx edge-query-cache dependencies')
  expect(Object.keys(manifest.bin ?? {})).toEqual(['edge-query-cache'])
})
