/**
 * Type-checks code blocks with the project's compiler, as a reader who pasted them would.
 * @module
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { ROOT } from './pages.js'
import type { Block } from './pages.js'

const PREAMBLE = path.join(import.meta.dirname, 'preamble.ts')

/** The names that `preamble.ts` declares. */
export const preambleNames = (): string[] =>
  [...readFileSync(PREAMBLE, 'utf8').matchAll(/^export declare const (\w+)/gm)].map(([, name]) => name!)

/** The preamble's names that a block uses without declaring or importing them. */
export function borrowed(block: Block): string[] {
  const code = block.code.join('\n')
  return preambleNames().filter((name) => {
    const declares = new RegExp(
      `\\b(?:const|let|function|class)\\s+${name}\\b|import\\b[^\\n]*\\b${name}\\b[^\\n]*\\bfrom\\b`,
    )
    return !declares.test(code) && new RegExp(`(?<![\\w'"\`/-]|(?<!\\.\\.)\\.)${name}\\b(?!\\s*[:=](?!=))`).test(code)
  })
}

/** The block as a module in which line n of the page is line n. */
function moduleOf(block: Block): string {
  const names = borrowed(block)
  const first = names.length > 0 ? `import { ${names.join(', ')} } from '../preamble.ts'` : 'export {}'
  return [first, ...Array.from({ length: block.line - 2 }, () => ''), ...block.code, 'export {}'].join('\n')
}

/** The compiler's complaints, each as `README.md:57:3 ...`. Empty: every block compiles. `settings`: the reader's own. */
export async function complaints(blocks: readonly Block[], settings: object = {}): Promise<string[]> {
  const folder = mkdtempSync(path.join(import.meta.dirname, `.blocks-${process.pid}-`))
  try {
    const files = blocks.map((block, i) => {
      const name = `${i}.ts`
      writeFileSync(path.join(folder, name), moduleOf(block))
      return name
    })
    const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, ...settings }
    const project = path.join(folder, 'tsconfig.json')
    writeFileSync(project, JSON.stringify({ extends: '../../../tsconfig.json', compilerOptions, include: [], files }))
    const output = await compile(project)
    // What is wrong in the sources is the business of `npm run types`.
    const own = output.filter((line) => /^error TS|\.blocks-[^/]+\/.*error TS/.test(line))
    return own.map((line) => asOnPage(line, blocks))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The compiler's output, with each message's continuation on its line. @throws when the compiler itself fails. */
function compile(project: string): Promise<string[]> {
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc')
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [tsc, '-p', project, '--pretty', 'false'], { cwd: ROOT }, (error, stdout, stderr) => {
      const lines = stdout.replace(/\n\s+/g, ' ').split('\n')
      if (error && !stdout.includes('error TS')) reject(new Error(`tsc did not run: ${stderr}`, { cause: error }))
      else resolve(lines)
    })
  })
}

function asOnPage(line: string, blocks: readonly Block[]): string {
  const where = /\.blocks-[^/]+\/(\d+)\.ts\((\d+),(\d+)\): (.*)$/.exec(line)
  if (!where) return line
  const [, index, row, column, message] = where
  return `${blocks[Number(index)]!.file}:${row}:${column} ${message}`
}
