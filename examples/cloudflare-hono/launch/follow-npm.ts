/**
 * `npm start` puts npm and a shell above this process, and passes no signal through the shell. When either is gone, nobody can stop
 * this process any more, so it stops itself.
 * @module
 */
import { processFacts } from './processes.ts'

/** Calls `stop` once npm, or the shell between it and this process, has ended. Does nothing when npm did not start this process. */
export function followNpm(stop: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  const facts = processFacts(parent)
  // A shell may have replaced itself by this process: then the parent is npm, and what is above npm is no concern of ours.
  const npm = facts && /^(\S*\/)?\w*sh -c /.test(facts.command) ? facts.parent : undefined
  const timer = setInterval(() => {
    if (process.ppid === parent && (npm === undefined || isAlive(npm))) return
    clearInterval(timer)
    stop()
  }, 500)
  timer.unref()
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
