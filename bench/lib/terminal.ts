/** Tables on the terminal. */
import { ahead, measuredOf, participants, written } from './cells.ts'
import type { ScenarioResult } from './results.ts'
import type { Budget, Table } from './types.ts'

export function printTables(id: string, { tables, seconds }: ScenarioResult): void {
  console.log(`\n=== ${id} (${seconds.toFixed(1)} s)`)
  for (const table of tables) printTable(table)
}

function printTable(table: Table): void {
  console.log(`\n${table.title}, ${table.unit}${table.rows.some(hasSpread) ? ' (median, quartiles)' : ''}`)
  const names = participants(table).filter((name) => table.rows.some(({ cells }) => cells[name]))
  const lines = names.map((name) => [
    name,
    ...table.rows.map((row) => {
      const cell = row.cells[name]
      return cell ? `${ahead(row, name, table) ? '! ' : ''}${written(cell)}` : '–'
    }),
  ])
  printColumns([['', ...table.rows.map(({ label }) => label)], ...lines])
  for (const [name, reason] of Object.entries(table.absent ?? {})) console.log(`  ${name}: absent, ${reason}`)
  if (lines.some((line) => line.some((cell) => cell.startsWith('! ')))) console.log('  !: ahead of us')
}

const hasSpread = ({ cells }: Table['rows'][number]) => Object.values(cells).some(({ spread }) => spread)

export function printBudgets(budgets: readonly Budget[]): void {
  console.log('\n=== budgets\n')
  const lines = budgets.map((one) => [one.met ? 'met' : 'MISSED', one.what, one.budget, measuredOf(one)])
  printColumns([['', 'what', 'budget', 'measured'], ...lines].flatMap(([met, ...texts]) => broken(met!, texts)))
}

/** Texts side by side, each broken into lines of its column. */
function broken(first: string, texts: readonly string[]): string[][] {
  const columns = texts.map((text, at) => linesOf(text, BUDGET_WIDTHS[at]!))
  const height = Math.max(...columns.map(({ length }) => length))
  return Array.from({ length: height }, (_, at) => [
    at === 0 ? first : '',
    ...columns.map((column) => column[at] ?? ''),
  ])
}

const BUDGET_WIDTHS = [56, 36, 48]

function linesOf(text: string, width: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines
}

function printColumns(lines: readonly (readonly string[])[]): void {
  const widths = lines[0]!.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)))
  for (const line of lines) console.log(`  ${line.map((text, at) => text.padEnd(widths[at]!)).join('  ')}`.trimEnd())
}
