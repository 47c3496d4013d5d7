/**
 * `node test/oracle/run.ts`: the reader of SQL beside PostgreSQL's own parser, over each corpus. `--fuzz 20000 --from 0`: seeds of the grammar.
 * `--docs folder`: PostgreSQL's documentation in HTML. `--folder path`: `.sql` files of your own; may be given again. `--show missed|wrong|unknown|refused`.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { committed, documentation, folder, fuzzed } from './corpora.ts'
import { oracle } from './judge.ts'
import { loadReader } from './load-reader.ts'
import { count, failures, render } from './table.ts'
import type { Count } from './table.ts'

const { values } = parseArgs({
  options: {
    fuzz: { type: 'string', default: '20000' },
    from: { type: 'string', default: '0' },
    docs: { type: 'string' },
    folder: { type: 'string', multiple: true, default: [] },
    show: { type: 'string' },
    /** Sources to judge instead of this package's own. */
    src: { type: 'string' },
    /** A file for the counts, in the form of a test runner's report. */
    report: { type: 'string' },
  },
})

const judge = await oracle(await loadReader(values.src && path.resolve(values.src)))
const corpora = [
  ...committed(),
  ...(values.docs ? [documentation(values.docs)] : []),
  fuzzed(Number(values.fuzz), Number(values.from)),
  ...values.folder.map(folder),
]
const counts = corpora.map(({ name, statements }) => count(name, statements, judge))
console.log(render(counts))
for (const found of counts)
  for (const { sql, reason, missed } of shown(found))
    console.log(`\n-- ${found.corpus}: ${reason} ${missed.join(' ')}\n${sql}`)

const failed = counts.map(failures)
for (const line of failed.flat()) console.log(`FAILED: ${line}`)
if (values.report)
  writeFileSync(
    values.report,
    JSON.stringify({
      numTotalTests: counts.length,
      numPassedTests: failed.filter((lines) => lines.length === 0).length,
      numFailedTests: failed.filter((lines) => lines.length > 0).length,
      numPendingTests: 0,
      numTodoTests: 0,
      testResults: [],
    }),
  )
process.exitCode = failed.flat().length > 0 ? 1 : 0

function shown(found: Count) {
  if (values.show === 'missed') return found.missed
  if (values.show === 'wrong') return found.wronglyCached
  if (values.show === 'unknown') return found.unknownForNothing
  return values.show === 'refused' ? [...found.refused.values()].flat() : []
}
