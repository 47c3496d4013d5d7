/** Runs a program that imports the sources in a process of its own, to be killed. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'

const ROOT = path.resolve(import.meta.dirname, '..', '..')

export interface Program {
  start(...args: string[]): Child
  remove(): void
}

export class Child {
  readonly #child: ChildProcess
  readonly ended: Promise<void>
  #output = ''

  constructor(file: string, args: string[]) {
    this.#child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child.stdout!.on('data', (part: Buffer) => (this.#output += part.toString()))
    this.#child.stderr!.on('data', (part: Buffer) => (this.#output += part.toString()))
    this.ended = new Promise((resolve) => this.#child.once('close', () => resolve()))
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** The whole lines that it has written. */
  get lines(): string[] {
    return this.#output.split('\n').slice(0, -1)
  }

  /** The first whole line it writes, or all it has written when it ends before. */
  async line(): Promise<string> {
    const whole = () => this.#output.includes('\n')
    await Promise.race([
      this.ended,
      new Promise<void>((resolve) => this.#child.stdout!.on('data', () => whole() && resolve())),
    ])
    return this.#output.split('\n')[0]!
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.#child.kill(signal)
    await this.ended
  }
}

/** @param source imports from `./src/...`. */
export async function childProgram(source: string): Promise<Program> {
  // Inside the project, so that packages are found.
  mkdirSync(path.join(ROOT, '.tmp'), { recursive: true })
  const folder = mkdtempSync(path.join(ROOT, '.tmp', 'child-'))
  const outfile = path.join(folder, 'program.mjs')
  const stdin = { contents: source, resolveDir: ROOT, loader: 'ts' } as const
  await build({
    stdin,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  })
  return {
    start: (...args) => new Child(outfile, args),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
