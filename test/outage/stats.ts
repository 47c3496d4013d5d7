/** What the Worker's isolate has counted. */
export interface WorkerStats {
  trips: number
  events: Record<string, number>
}

/** Answered by the isolate itself, without a trip to anything. */
export async function statsOf(url: string): Promise<WorkerStats> {
  const response = await fetch(`${url}/stats`, { signal: AbortSignal.timeout(5_000) })
  if (!response.ok) throw new Error(`/stats answers ${response.status}`)
  return (await response.json()) as WorkerStats
}
