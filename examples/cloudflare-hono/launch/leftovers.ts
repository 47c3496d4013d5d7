/**
 * A launcher that was killed cannot stop what it started. It has written down what that was, and the next start stops it.
 * @module
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { endGroup, processFacts, processesOfGroup } from './processes.ts'

interface Written {
  launcher: { pid: number; started: string }
  /** Groups of wrangler and what wrangler started, each with the start time of its first process. */
  groups: { group: number; started: string }[]
}

const fileOf = (dataDir: string) => path.join(dataDir, 'processes.json')

/** Writes down which process groups this launcher has started. */
export function writeDown(dataDir: string, groups: readonly number[]): void {
  const started = (pid: number) => processFacts(pid)?.started ?? ''
  const written: Written = {
    launcher: { pid: process.pid, started: started(process.pid) },
    groups: groups.map((group) => ({ group, started: started(group) })),
  }
  writeFileSync(fileOf(dataDir), `${JSON.stringify(written)}\n`)
}

/** After a clean stop there is nothing to find. */
export function forget(dataDir: string): void {
  rmSync(fileOf(dataDir), { force: true })
}

/** Stops what a killed launcher left. Returns the number of groups that were still there. */
export async function stopLeftovers(dataDir: string): Promise<number> {
  const written = read(dataDir)
  // A launcher that lives looks after its own; the data folder's lock will say that it does.
  if (!written || isSame(written.launcher.pid, written.launcher.started)) return 0
  const ours = written.groups.filter(isOurs)
  await Promise.all(ours.map(({ group }) => endGroup(group)))
  forget(dataDir)
  return ours.length
}

function isSame(pid: number, started: string): boolean {
  return started !== '' && processFacts(pid)?.started === started
}

/**
 * A number may have been given to someone else meanwhile. While a member of the group lives its number is not given away, so it is
 * ours when its first process is the one written down, or has ended and what remains are programs that wrangler starts.
 */
function isOurs({ group, started }: Written['groups'][number]): boolean {
  const first = processFacts(group)
  if (first) return first.started === started
  const members = processesOfGroup(group)
  return members.length > 0 && members.every(({ command }) => /wrangler|workerd|esbuild/.test(command))
}

function read(dataDir: string): Written | undefined {
  try {
    const written = JSON.parse(readFileSync(fileOf(dataDir), 'utf8')) as Written
    return Array.isArray(written.groups) && typeof written.launcher.pid === 'number' ? written : undefined
  } catch {
    return undefined
  }
}
