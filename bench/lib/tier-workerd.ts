/** Participants in workerd, each a Worker of its own, bundled as wrangler bundles. */
import { builtinModules } from 'node:module'
import path from 'node:path'
import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { PARTICIPANTS } from '../peers/index.ts'
import type { Participant } from '../peers/index.ts'
import { childNamed, cpuMsOf } from './process-cpu.ts'
import type { Place } from './tier-tables.ts'
import type { Done, Work } from './tiers.ts'

/** Node's modules are there without a flag from 2026-08-04. */
const COMPATIBILITY_DATE = '2026-08-04'

const nameOf = ({ file, typed }: Participant): string => (typed ? `${file}-typed` : file)

export async function workerdPlace(): Promise<Place> {
  const files = [...new Set(PARTICIPANTS.map(({ file }) => file))]
  const scripts = new Map(await Promise.all(files.map(async (file) => [file, await bundled(file)] as const)))
  const workers = new Map(PARTICIPANTS.map((participant) => [nameOf(participant), scripts.get(participant.file)!]))
  const miniflare = new Miniflare({
    workers: [...workers].map(([name, contents]) => ({
      config: {
        name,
        compatibilityDate: COMPATIBILITY_DATE,
        manifest: { mainModule: 'worker.js', modulesRoot: '/', modules: { 'worker.js': { type: 'esm', contents } } },
      },
    })),
  })
  await miniflare.ready
  const pid = childNamed('workerd')

  async function ask(participant: Participant, step: 'ready' | 'run', work: Work): Promise<Done> {
    const worker = await miniflare.getWorker(nameOf(participant))
    const response = await worker.fetch('http://bench/', { method: 'POST', body: JSON.stringify({ step, work }) })
    if (response.status !== 200) throw new Error(`${participant.name}: ${await response.text()}`)
    return (await response.json()) as Done
  }
  return {
    name: 'workerd',
    together: false,
    async sample(participant, work) {
      await ask(participant, 'ready', work)
      const before = cpuMsOf(pid)
      const done = await ask(participant, 'run', work)
      return { ...done, cpuMs: cpuMsOf(pid) - before }
    },
    stop: () => miniflare.dispose(),
  }
}

async function bundled(file: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { peer } from './${file}.ts'\nimport { workerOf } from './worker.ts'\nexport default workerOf(peer)`,
      resolveDir: path.join(import.meta.dirname, '../peers'),
      loader: 'ts',
    },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['workerd', 'worker', 'browser'],
    mainFields: ['browser', 'module', 'main'],
    external: ['node:*', 'cloudflare:*'],
    alias: Object.fromEntries(builtinModules.map((name) => [name, `node:${name}`])),
    logLevel: 'error',
  })
  return outputFiles[0]!.text
}
