/** The reader of SQL beside PostgreSQL's own parser, over each corpus. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { committed, documentation, folder, fuzzed } from './corpora.ts'
import { oracle } from './judge.ts'
import { loadReader } from './load-reader.ts'
import { count, failures, render } from './table.ts'
import type { Count } from './table.ts'
import { readArguments, refuse } from '../../scripts/read-arguments.ts'

const SHOWN = ['missed', 'wrong', 'unknown', 'refused']
const USAGE = `npm run check:sql -- [options]

The reader of SQL beside PostgreSQL's own parser, statement by statement.

  --folder <path>   \`.sql\` files of your own; repeatable
  --fuzz <number>   statements of a grammar (default 20000)
  --from <number>   the first seed of the grammar (default 0)
  --docs <folder>   PostgreSQL's documentation in HTML
  --show <which>    print the statements: ${SHOWN.join(', ')}
  --src <folder>    sources to judge (default: this package's)
  --report <file>   write the counts there, in the form of a test runner's report
  --help            this text`

const values = readArguments(USAGE, {
  fuzz: { type: 'string', number: true, default: '20000' },
  from: { type: 'string', number: true, default: '0' },
  docs: { type: 'string', folder: true },
  folder: { type: 'string', folder: true, multiple: true, default: [] },
  show: { type: 'string' },
  src: { type: 'string', folder: true },
  report: { type: 'string' },
})
if (values.show !== undefined && !SHOWN.includes(values.show)) refuse(USAGE, `--show takes one of ${SHOWN.join(', ')}.`)

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
