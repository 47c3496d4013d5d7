import { expect, it } from 'vitest'
import * as own from '../../src/sql/index.js'
import { page } from '../docs/pages.js'
import { committed, fuzzed } from './corpora.ts'
import { oracle } from './judge.ts'
import { count, markdown } from './table.ts'

it('the table of the README is what check:sql prints', async () => {
  const judge = await oracle(own)
  const counts = [...committed(), fuzzed(20_000, 0)].map(({ name, statements }) => count(name, statements, judge))
  const rows = page('README.md').lines.map((line) => line.replace(/ {2,}/g, ' '))
  for (const row of markdown(counts)) expect(rows).toContain(row)
})
