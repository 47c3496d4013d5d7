/**
 * What the operating system knows of a process: enough to tell ours from one that was given the same number later.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'

export interface ProcessFacts {
  pid: number
  /** Process group: the number of its first process. */
  group: number
  parent: number
  /** When it started, in the system's own form: to be compared, not read. */
  started: string
  command: string
}

/** The living process of this number; `undefined` when there is none. Linux is read from /proc, where `ps` is not always installed. */
export function processFacts(pid: number): ProcessFacts | undefined {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(['-p', String(pid)])[0]
}

/** Living processes of a group. */
export function processesOfGroup(group: number): ProcessFacts[] {
  return everyProcess().filter((facts) => facts.group === group)
}

/** Living processes that `pid` started, and those that they started. */
export function processesBelow(pid: number): ProcessFacts[] {
  const all = everyProcess()
  const below = (parent: number): ProcessFacts[] =>
    all.filter((facts) => facts.parent === parent).flatMap((facts) => [facts, ...below(facts.pid)])
  return below(pid)
}

function everyProcess(): ProcessFacts[] {
  return process.platform === 'linux' ? allFromProc() : fromPs(['-A'])
}

function allFromProc(): ProcessFacts[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map((pid) => fromProc(Number(pid))).filter((facts) => facts !== undefined)
}

function fromProc(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold anything, spaces and parentheses too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, parent, group, started] = [fields[0], Number(fields[1]), Number(fields[2]), fields[19] ?? '']
    // A zombie has ended; only its parent has not looked yet.
    if (state === 'Z') return undefined
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim()
    return { pid, parent, group, started, command }
  } catch {
    return undefined
  }
}

function fromPs(which: string[]): ProcessFacts[] {
  try {
    const columns = ['-ww', '-o', 'pid=,ppid=,pgid=,stat=,lstart=,command=']
    const env = { ...process.env, LC_ALL: 'C' }
    const output = execFileSync('ps', [...which, ...columns], {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return output.split('\n').flatMap(fromLine)
  } catch {
    return []
  }
}

/** `lstart` is five words: `Mon Jan  5 10:00:00 2026`. */
function fromLine(line: string): ProcessFacts[] {
  const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+(.*)$/.exec(line)
  if (!match || match[4]!.startsWith('Z')) return []
  return [
    {
      pid: Number(match[1]),
      parent: Number(match[2]),
      group: Number(match[3]),
      started: match[5]!,
      command: match[6]!,
    },
  ]
}

/** Sends a signal to a whole group; one that has ended is no error. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch {
    // Nobody left to tell.
  }
}

/** Ends a group: asks first, and insists after `patienceMs`. Resolves when none of it lives. */
export async function endGroup(group: number, patienceMs = 5_000): Promise<void> {
  signalGroup(group, 'SIGTERM')
  if (await goneWithin(group, patienceMs)) return
  signalGroup(group, 'SIGKILL')
  await goneWithin(group, 2_000)
}

async function goneWithin(group: number, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms
  while (processesOfGroup(group).length > 0) {
    if (Date.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return true
}
