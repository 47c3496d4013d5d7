/** What a run must have met to mean anything. */
export const SITUATIONS: readonly string[] = []
