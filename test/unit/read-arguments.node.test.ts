/** The programs of a checkout say what they take, and start nothing for words that make no sense. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'

const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> }
const programs = Object.entries(scripts).filter(([name]) => name.startsWith('check:'))

function run(program: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const file = program.replace(/^node /, '')
  return new Promise((resolve) =>
    execFile(process.execPath, [file, ...args], (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    ),
  )
}

it.each(programs)('%s says what it takes', { timeout: 60_000 }, async (name, program) => {
  const help = await run(program, '--help')
  expect(help).toMatchObject({ code: 0, err: '' })
  expect(help.out).toMatch(new RegExp(`^npm run ${name}`))
  const misspelt = await run(program, '--sedes', '7')
  expect(misspelt).toEqual({ code: 2, out: '', err: `Unknown option '--sedes'.\n\n${help.out}` })
})

it.each([
  ['check:consistency', '--seeds', 'many', '--seeds must be a whole number.'],
  ['check:consistency', '--src', '/nowhere', '--src: there is no such folder.'],
  ['check:sql', '--folder', '/nowhere', '--folder: there is no such folder.'],
  ['check:sql', '--show', 'all', '--show takes one of missed, wrong, unknown, refused.'],
  ['check:mutants', '--only', '100000', 'There is no such mutant.'],
])('%s refuses %s %s', { timeout: 60_000 }, async (name, option, value, says) => {
  const { code, out, err } = await run(scripts[name]!, option, value)
  expect([code, out, err.split('\n')[0]]).toEqual([2, '', says])
})
