/** `node --expose-gc --no-flush-bytecode bench/memory/weigh.ts [megabytes]`: every way that `heap.ts` knows, through the built package. */
import * as api from '../../dist/index.js'
import { judge, MIXED, nameOf, WAYS, weigh } from './heap.ts'

const megabytes = Number(process.argv[2] ?? 32)
const kilobytes = (bytes: number) => Math.round(bytes / 1024).toLocaleString('en')
console.log('| results | queries | entries | counted, KB | heap, KB | counted / heap | |')
console.log('| --- | --: | --: | --: | --: | --: | --- |')
for (const way of [...WAYS, MIXED]) {
  const weighed = await weigh(api as never, way, way === MIXED ? 100_000 : 'full', megabytes)
  const { queries, entries, counted, grown } = weighed
  const figures = [queries, entries, kilobytes(counted), kilobytes(grown), (counted / grown).toFixed(3)]
  console.log(`| ${nameOf(way)} | ${figures.join(' | ')} | ${judge(weighed, megabytes)} |`)
}
