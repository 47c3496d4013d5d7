/** README.md and the charts, from the results alone. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ahead, measuredOf, participants, written } from './cells.ts'
import { chartOf } from './chart.ts'
import { formatted } from './formatted.ts'
import type { Results, ScenarioResult } from './results.ts'
import { OWN } from './types.ts'
import type { Budget, Cell, Table } from './types.ts'

const folder = path.join(import.meta.dirname, '..')
const charts = path.join(folder, 'charts')

export async function writeReadme(results: Results): Promise<void> {
  const scenarios = Object.entries(results.scenarios)
  rmSync(charts, { recursive: true, force: true })
  mkdirSync(charts)
  for (const { tables } of Object.values(results.scenarios))
    for (const table of tables) if (table.chart) writeFileSync(path.join(charts, `${table.id}.svg`), chartOf(table))
  const text = [
    INTRODUCTION,
    machineOf(results),
    '## Budgets',
    budgetTable(scenarios.flatMap(([, { budgets }]) => budgets)),
    ...scenarios.flatMap(([id, scenario]) => [`## ${id}`, ...sectionsOf(scenario)]),
  ].join('\n\n')
  const file = path.join(folder, 'README.md')
  writeFileSync(file, await formatted(file, text))
}

const INTRODUCTION = `# Benchmark

Written by \`npm run bench\` from what it measured; do not edit. \`npm run bench -- --quick\` does the same work in fewer rounds and less
than 90 seconds, \`--only <scenario>,...\` a part of it. Each ends with an exit code that says whether every budget was met, and names
those that were not.

Everybody does the same work in the same run, in interleaved rounds, and every value of every row is read. Smaller is better. Figures
are medians, with the quartiles of the rounds in parentheses; a count has none. **Bold**: ahead of ${OWN}. References are in italics:
they show the scale and are no alternative.`

function machineOf({ machine, quick }: Results): string {
  const { node, v8, cpu, cores, date } = machine
  return `Measured on ${date} with Node ${node} (V8 ${v8}) on ${cores} cores of ${cpu}${quick ? ', by a quick run' : ''}.`
}

const budgetTable = (budgets: readonly Budget[]): string =>
  markdown(
    ['', 'what', 'budget', 'measured'],
    budgets.map((one) => [one.met ? 'met' : '**MISSED**', one.what, one.budget, measuredOf(one)]),
    false,
  )

function sectionsOf({ tables }: ScenarioResult): string[] {
  return tables.flatMap((table) => [
    `### ${table.title}`,
    table.method,
    ...(table.chart ? [`![${table.title}](charts/${table.id}.svg)`] : []),
    ...tableOf(table),
  ])
}

function tableOf(table: Table): string[] {
  const notes: string[] = []
  const names = participants(table).filter((name) => table.rows.some(({ cells }) => cells[name]))
  const lines = names.map((name) => [
    table.references?.includes(name) ? `_${name}_` : name,
    ...table.rows.map((row) => {
      const cell = row.cells[name]
      if (!cell) return '–'
      return `${ahead(row, name, table) ? `**${written(cell)}**` : written(cell)}${mark(cell, notes)}`
    }),
  ])
  const absent = Object.entries(table.absent ?? {}).map(([name, reason]) => `- ${name} is absent: ${reason}.`)
  return [
    markdown([table.unit, ...table.rows.map(({ label }) => label)], lines),
    ...(notes.length > 0 ? [notes.map((note, at) => `<sup>${at + 1}</sup> ${note}`).join('\\\n')] : []),
    ...(absent.length > 0 ? [absent.join('\n')] : []),
  ]
}

/** The number of a cell's note, which is added when it is new. */
function mark({ note }: Cell, notes: string[]): string {
  if (note === undefined) return ''
  if (!notes.includes(note)) notes.push(note)
  return ` <sup>${notes.indexOf(note) + 1}</sup>`
}

/** Figures stand to the right, texts to the left. */
function markdown(head: readonly string[], lines: readonly (readonly string[])[], right = true): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map((_, at) => (right && at > 0 ? '---:' : '---'))), ...lines.map(line)].join('\n')
}
