// Writes what each tool prints for its examples to <tool>.json; with names of tools as arguments, for these alone.
import { writeFileSync } from 'node:fs'
import path from 'node:path'

const TOOLS = ['drizzle', 'kysely', 'knex', 'typeorm', 'prisma', 'sqlc']
const asked = process.argv.slice(2)
const unknown = asked.filter((tool) => !TOOLS.includes(tool))
if (unknown.length > 0) throw new Error(`No such tool: ${unknown.join(', ')}. There are ${TOOLS.join(', ')}`)

for (const tool of asked.length > 0 ? asked : TOOLS) {
  const { default: print } = await import(`./${tool}/print.mjs`)
  const statements = await print()
  writeFileSync(path.join(import.meta.dirname, `${tool}.json`), `${JSON.stringify(statements, null, 2)}\n`)
  console.log(`${tool}: ${statements.length} statements`)
}
