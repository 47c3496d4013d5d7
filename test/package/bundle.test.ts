import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = path.join(import.meta.dirname, '../..')
const subpaths = ['edge-query-cache', 'edge-query-cache/hono', 'edge-query-cache/cron']
let folder: string
let tarball: string

/** The tests look at what users install: the packed tarball, unpacked beside this checkout's dependencies. */
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'eqc-package-'))
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).replace(/^[^[]*/, ''),
  ) as [{ filename: string }]
  tarball = path.join(folder, packed.filename)
  execFileSync('tar', ['-xzf', tarball, '-C', folder])
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function bundle(names: readonly string[]) {
  const packageJson = JSON.parse(readFileSync(path.join(folder, 'package/package.json'), 'utf8')) as {
    exports: Record<string, { default: string }>
  }
  const file = (name: string) =>
    path.join(
      folder,
      'package',
      packageJson.exports[name.replace('edge-query-cache', '.').replace('./', './')]!.default,
    )
  return build({
    stdin: { contents: names.map((name, i) => `export * as m${i} from '${file(name)}'`).join('\n'), resolveDir: root },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    nodePaths: [path.join(root, 'node_modules')],
    metafile: true,
    logLevel: 'silent',
  })
}

describe('the package', () => {
  it.each(subpaths)('bundles %s for a platform without Node', async (name) => {
    const result = await bundle([name])
    const imports = Object.values(result.metafile.inputs).flatMap((input) => input.imports.map((i) => i.path))
    expect(imports.filter((path) => path.startsWith('node:'))).toEqual([])
    expect(result.outputFiles[0]!.text).not.toMatch(/\bfrom\s*["']node:|require\(["']node:/)
  })

  it('leaves the local stack out of a Worker', async () => {
    const result = await bundle(subpaths)
    expect(
      Object.keys(result.metafile.inputs).filter(
        (file) => /dist\/dev\/|pglite/.test(file) && !file.endsWith('database/pglite.js'),
      ),
    ).toEqual([])
  })

  it('shows users nothing internal, in types that hold together for the strictest of them', () => {
    const types = readdirSync(path.join(folder, 'package/dist'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.d.ts'))
      .map((name) => path.join(folder, 'package/dist', name))
    const internal = types.filter((file) => readFileSync(file, 'utf8').includes('@internal'))
    expect(internal.map((file) => path.basename(file))).toEqual([])
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
    const settings =
      '--noEmit --strict --exactOptionalPropertyTypes --skipLibCheck false --module nodenext --types node'
    const { stdout } = spawnSync(process.execPath, [tsc, ...settings.split(' '), ...types], {
      cwd: folder,
      encoding: 'utf8',
    })
    // What is wrong in other packages is theirs.
    expect(stdout.split('\n').filter((line) => line.startsWith('package/'))).toEqual([])
  }, 60_000)

  it('passes publint and attw', () => {
    const run = (command: string, ...args: string[]) =>
      execFileSync(path.join(root, 'node_modules/.bin', command), args, { cwd: root, encoding: 'utf8' })
    expect(run('publint', '--strict', tarball)).toContain('All good!')
    // It fails by its exit code; what it says shows that every subpath was looked at.
    const subpathsWithTypes = run('attw', '--profile', 'esm-only', '--format', 'ascii', tarball).match(
      /node16 \(from ESM\): 🟢 \(ESM\)/gu,
    )
    expect(subpathsWithTypes).toHaveLength(4)
  })

  it('holds a command that starts without any other package', () => {
    const manifest = JSON.parse(readFileSync(path.join(folder, 'package/package.json'), 'utf8')) as {
      version: string
      bin: Record<string, string>
    }
    const command = path.join(folder, 'package', manifest.bin['edge-query-cache']!)
    expect(readFileSync(command, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
    const run = (...args: string[]) =>
      execFileSync(process.execPath, [command, ...args], { encoding: 'utf8', cwd: folder })
    expect(run('--version')).toBe(`${manifest.version}\n`)
    expect(run('dependencies', '--help')).toContain('--database-url')
  })

  it('carries no tests, sources or secrets', () => {
    const files = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).split('\n')
    expect(files.filter((file) => /package\/(src|test|examples|bench)\/|\.env|\.dev\.vars/.test(file))).toEqual([])
    expect(files).toContain('package/README.md')
  })
})

it('asks for an SDK that makes a signal for each request: earlier ones hand the function to `fetch`', () => {
  const { peerDependencies } = JSON.parse(readFileSync(path.join(folder, 'package/package.json'), 'utf8')) as {
    peerDependencies: Record<string, string>
  }
  const [major, minor, patch] = /^\^(\d+)\.(\d+)\.(\d+)$/
    .exec(peerDependencies['@upstash/redis']!)!
    .slice(1)
    .map(Number)
  expect([major, minor! * 1_000 + patch! >= 35_001]).toEqual([1, true])
})
