/** `node bench/worker/bytes.ts`: what each source file adds to the bundle that the budget holds. */
import { deflateRawSync } from 'node:zlib'
import path from 'node:path'
import { transform } from 'esbuild'
import { readFileSync } from 'node:fs'
import { bundle, gzipBytes, ROOT } from './bundle.ts'
import { EVERYTHING, SDKS } from './bundle-sizes.ts'

const { code, metafile } = await bundle({ text: EVERYTHING }, { external: SDKS })
const parts = Object.values(metafile.outputs)
  .flatMap(({ inputs }) => Object.entries(inputs))
  .filter(([file]) => file !== '<stdin>')
const files = await Promise.all(
  parts.map(async ([file, { bytesInOutput }]) => {
    const name = path.relative(ROOT, path.resolve(file))
    const { code: alone } = await transform(readFileSync(file, 'utf8'), { minify: true, format: 'esm' })
    return { name, bytes: bytesInOutput, alone }
  }),
)
// What a file takes when the others are known: the last 32 KB of them are all that deflate can see.
const added = files.map(({ name, bytes, alone }) => {
  const others = files.filter((other) => other.name !== name).map((other) => other.alone)
  const dictionary = Buffer.from(others.join('')).subarray(-32_768)
  return { name, bytes, gzip: alone === '' ? 0 : deflateRawSync(alone, { level: 9, dictionary }).length }
})
const total = gzipBytes(code)
const scale = total / added.reduce((sum, { gzip }) => sum + gzip, 0)
console.log('minified  gzip (estimated share)')
for (const { name, bytes, gzip } of added.sort((a, b) => b.gzip - a.gzip))
  if (bytes > 0) console.log(`${String(bytes).padStart(8)}  ${String(Math.round(gzip * scale)).padStart(6)}  ${name}`)
console.log(`${String(code.length).padStart(8)}  ${String(total).padStart(6)}  all`)
