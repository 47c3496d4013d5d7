/**
 * `node --expose-gc --no-flush-bytecode bench/memory/weigh.ts [--megabytes 32] [--queries 100000] [--way 3] [--json]`: the ways that `heap.ts` knows, or
 * one of them, through the built package. The last is results of all shapes in one memory.
 */
import { parseArgs } from 'node:util'
import type * as Package from '../../src/index.js'
import { judge, MIXED, nameOf, WAYS, weigh } from './heap.ts'

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '32' },
    queries: { type: 'string', default: '100000' },
    way: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const megabytes = Number(values.megabytes)
const kilobytes = (bytes: number) => Math.round(bytes / 1024).toLocaleString('en')
// Built before it is run: its types are those of the sources.
const api = (await import(new URL('../../dist/index.js', import.meta.url).href)) as typeof Package

if (!values.json) {
  console.log('| results | queries | entries | counted, KB | heap, KB | counted / heap | |')
  console.log('| --- | --: | --: | --: | --: | --: | --- |')
}
const ways = [...WAYS, MIXED]
for (const way of values.way === undefined ? ways : [ways[Number(values.way)]!]) {
  const weighed = await weigh(api, way, way === MIXED ? Number(values.queries) : 'full', megabytes)
  const { queries, entries, counted, grown } = weighed
  const wrong = judge(weighed, megabytes)
  const figures = [queries, entries, kilobytes(counted), kilobytes(grown), (counted / grown).toFixed(3)]
  if (values.json) console.log(JSON.stringify({ name: nameOf(way), ...weighed, wrong }))
  else console.log(`| ${nameOf(way)} | ${figures.join(' | ')} | ${wrong} |`)
}
