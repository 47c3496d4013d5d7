#!/usr/bin/env node
/**
 * The file that `npx edge-query-cache` starts.
 * @module
 */
import { run } from './command-line.js'

process.exitCode = await run(process.argv.slice(2), process.env, {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
})
