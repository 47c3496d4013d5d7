/**
 * Shows how far a load has come: a bar on a terminal, a few plain lines elsewhere.
 * @module
 */
import cliProgress from 'cli-progress'

export interface Progress {
  advance(rows: number): void
  end(): void
}

export function startProgress(what: string, total: number): Progress {
  return process.stdout.isTTY ? bar(what, total) : lines(what, total)
}

function bar(what: string, total: number): Progress {
  const shown = new cliProgress.SingleBar(
    { format: `${what.padEnd(14)} {bar} {percentage}% | {value} of {total} rows`, hideCursor: true },
    cliProgress.Presets.shades_classic,
  )
  shown.start(total, 0)
  return {
    advance: (rows) => shown.increment(rows),
    end: () => shown.stop(),
  }
}

function lines(what: string, total: number): Progress {
  let done = 0
  console.log(`${what}: ${total} rows`)
  return {
    advance(rows) {
      const quarter = (count: number) => Math.floor((count * 4) / total)
      if (quarter(done + rows) > quarter(done)) console.log(`${what}: ${Math.round(((done + rows) / total) * 100)}%`)
      done += rows
    },
    end: () => undefined,
  }
}
