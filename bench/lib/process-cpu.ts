/** CPU time of another process, by thread and to the nanosecond: what `/proc` says of a whole process is in steps of 10 ms. Linux only. */
import { readdirSync, readFileSync } from 'node:fs'

/** Milliseconds that all living threads of a process have run. */
export function cpuMsOf(pid: number): number {
  let nanoseconds = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
    } catch {
      // It ended meanwhile.
    }
  }
  return nanoseconds / 1e6
}

/** The child of this process with a name. */
export function childNamed(name: string): number {
  for (const thread of readdirSync('/proc/self/task'))
    for (const pid of readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean))
      if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name) return Number(pid)
  throw new Error(`this process has no child named ${name}`)
}
