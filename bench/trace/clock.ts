/** Simulated time. Peers read `Date.now` and lru-cache `performance.now`: both tell this clock's time while it is installed. */
export class Clock {
  now = Date.UTC(2026, 0, 5, 9)

  install(): () => void {
    const { now } = Date
    Date.now = () => this.now
    performance.now = () => this.now - ZERO
    return () => {
      Date.now = now
      // The own property hides the prototype's.
      delete (performance as { now?: unknown }).now
    }
  }
}

const ZERO = Date.UTC(2026, 0, 1)
