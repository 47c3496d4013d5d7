import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { borrowed, complaints, preambleNames } from './compile-blocks.js'
import { ROOT, blocks, page, pages, tableRows } from './pages.js'
import type { Block } from './pages.js'

const all = pages().flatMap(blocks)
const written = (...languages: string[]) => all.filter(({ language }) => languages.includes(language))
const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>
  peerDependencies: Record<string, string>
  devDependencies: Record<string, string>
}

describe('the code blocks of the pages', () => {
  test('every TypeScript block compiles', async () => {
    const typescript = written('ts')
    expect(typescript.length).toBeGreaterThan(20)
    expect(await complaints(typescript)).toEqual([])
  }, 120_000)

  test('a block that does not compile is named by page and line', async () => {
    const wrong: Block = {
      file: 'docs/wrong.md',
      line: 41,
      language: 'ts',
      code: ['const rows = await executor.query(sql)', 'await executor.query(sql, [], { timeToLive: 60 })'],
    }
    const [complaint, ...others] = await complaints([wrong])
    expect(complaint).toMatch(/^docs\/wrong\.md:42:\d+ error TS\d+: .*timeToLive/)
    expect(others).toEqual([])
  }, 120_000)

  test('every name that the blocks take for granted is needed by one of them', () => {
    const needed = new Set(written('ts').flatMap(borrowed))
    expect(preambleNames().filter((name) => !needed.has(name))).toEqual([])
  })

  test('every block says what it is written in', () => {
    const known = ['ts', 'sh', 'json', 'toml', 'text', 'mermaid', 'http']
    const others = all.filter(({ language }) => !known.includes(language))
    expect(others.map(({ file, line, language }) => `${file}:${line} ${language}`)).toEqual([])
  })

  test('every JSON block parses', () => {
    const broken = written('json').filter(({ code }) => !isJson(code.join('\n')))
    expect(broken.map(({ file, line }) => `${file}:${line}`)).toEqual([])
  })
})

describe('the commands on the pages', () => {
  const commands = written('sh').flatMap(({ file, line, code }) =>
    code.map((command, i) => ({ where: `${file}:${line + i}`, command })),
  )

  test('every npm script exists', () => {
    const named = commands.flatMap(({ where, command }) =>
      [...command.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(([, run, short]) => ({
        where,
        script: run ?? short!,
      })),
    )
    expect(named.length).toBeGreaterThan(2)
    expect(named.filter(({ script }) => !Object.hasOwn(manifest.scripts, script))).toEqual([])
  })

  test('every peer is in the decision about them', () => {
    const peers = tableRows(page('docs/decisions/0002-dependencies.md'), '## Decision').map(([name]) => name!)
    expect(peers.map((name) => name.replaceAll('`', '')).sort()).toEqual(Object.keys(manifest.peerDependencies).sort())
  })

  test('every package that a reader installs is one that this package works with', () => {
    const known = ['edge-query-cache', ...Object.keys({ ...manifest.peerDependencies, ...manifest.devDependencies })]
    const installed = commands.flatMap(({ where, command }) =>
      [...command.matchAll(/\bnpm (?:install|i) (?:-D )?([^#&|]+)/g)].flatMap(([, list]) =>
        list!
          .trim()
          .split(/\s+/)
          .map((name) => ({ where, name })),
      ),
    )
    expect(installed.length).toBeGreaterThan(0)
    expect(installed.filter(({ name }) => !known.includes(name))).toEqual([])
  })

  test('every secret is one that the bindings know', () => {
    const bindings = readFileSync(path.join(ROOT, 'src/bindings.ts'), 'utf8')
    const secrets = commands.flatMap(({ where, command }) =>
      [...command.matchAll(/wrangler secret put (\S+)/g)].map(([, name]) => ({ where, name: name! })),
    )
    expect(secrets.length).toBeGreaterThan(0)
    expect(secrets.filter(({ name }) => !bindings.includes(name))).toEqual([])
  })
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
