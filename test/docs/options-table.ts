/**
 * The option tables of the README, from `src/options.ts`. Printed by `node test/docs/options-table.ts`.
 * @module
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'

export interface OptionRow {
  option: string
  /** As the option's own comment says; '' where it says none. */
  default: string
  meaning: string
}

const source = readFileSync(path.resolve(import.meta.dirname, '../../src/options.ts'), 'utf8')

/** An interface's properties with their comments. */
function properties(name: string): { property: string; type: string; comment: string }[] {
  const body = new RegExp(`^export interface ${name} \\{\\n([\\s\\S]*?)^\\}`, 'm').exec(source)?.[1]
  if (body === undefined) throw new Error(`src/options.ts has no interface ${name}`)
  return [...body.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?^ {2}(\w+)\??: (.*?)(?: \| undefined)?$/gm)].map(
    ([, comment = '', property, type]) => ({
      property: property!,
      type: type!,
      comment: comment.replace(/\s*\n\s*\*?\s*/g, ' ').trim(),
    }),
  )
}

/** Groups of the configuration are interfaces of their own: their options get the group's name in front. */
export function optionRows(name: string, path = ''): OptionRow[] {
  return properties(name).flatMap(({ property, type, comment }) => {
    if (/^\w+Settings$/.test(type)) return optionRows(type, `${path}${property}.`)
    const said = /\s*Default (.*?)\.(?=\s|$)/.exec(comment)
    const meaning = said ? comment.replace(said[0], '') : comment
    return [{ option: `${path}${property}`, default: said?.[1] ?? '', meaning: meaning.trim() }]
  })
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

export const markdown = (rows: readonly OptionRow[]): string =>
  [
    '| option | default | meaning |',
    '| --- | --- | --- |',
    ...rows.map((row) => `| \`${row.option}\` | ${cell(row.default)} | ${cell(row.meaning)} |`),
  ].join('\n')

if (import.meta.main)
  for (const name of ['CacheConfig', 'QueryOptions', 'WriteOptions']) console.log(`${markdown(optionRows(name))}\n`)
