/**
 * The pages that users read, and what stands in them.
 * @module
 */
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'

export const ROOT = path.resolve(import.meta.dirname, '../..')

export interface Page {
  /** From the project's root: `docs/consistency.md`. */
  file: string
  lines: string[]
}

export interface Block {
  file: string
  /** Line of its first line of code, counted from 1. */
  line: number
  language: string
  code: string[]
}

const read = (file: string): Page => ({ file, lines: readFileSync(path.join(ROOT, file), 'utf8').split('\n') })

/** README, changelog and every page in docs/. */
export function pages(): Page[] {
  const docs = readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  const files = ['README.md', 'CHANGELOG.md', ...docs.filter((file) => file.endsWith('.md')).map((f) => `docs/${f}`)]
  return files.sort().map(read)
}

export const page = (file: string): Page => read(file)

/** Fenced code blocks in their order. @throws when a fence is not closed. */
export function blocks({ file, lines }: Page): Block[] {
  const found: Block[] = []
  let open: (Block & { fence: string }) | undefined
  lines.forEach((text, i) => {
    const fence = /^\s*(`{3,})(.*)$/.exec(text)
    if (!open && fence) open = { file, line: i + 2, language: fence[2]!.trim(), code: [], fence: fence[1]! }
    else if (open && fence && fence[1] === open.fence && fence[2] === '') {
      const { fence: _, ...block } = open
      found.push(block)
      open = undefined
    } else open?.code.push(text)
  })
  if (open) throw new Error(`${open.file}:${open.line - 1}: the code block is not closed`)
  return found
}

/** The cells of a table's rows below a heading, without the head row. */
export function tableRows({ file, lines }: Page, heading: string): string[][] {
  const start = lines.indexOf(heading)
  if (start < 0) throw new Error(`${file} has no heading \`${heading}\``)
  const end = lines.findIndex((line, i) => i > start && /^#{1,6} /.test(line))
  return lines
    .slice(start, end < 0 ? undefined : end)
    .filter((line) => line.startsWith('|'))
    .map(cells)
    .filter((row, i, all) => !isRule(row) && !(all[i + 1] && isRule(all[i + 1]!)))
}

const isRule = (row: string[]): boolean => row.every((cell) => /^:?-+:?$/.test(cell))

const cells = (line: string): string[] =>
  line
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'))
