/** A step of a pattern: a run of any bytes, or a test of one byte. */
type Step = '*' | ((byte: number) => boolean)

/**
 * Compiles a pattern with Redis's rules: `*`, `?`, `[a-z]`, `[^x]`, `\` before a literal. Works on UTF-8 bytes as Redis does.
 * Time is at most the product of both lengths: only the last `*` is ever taken up again.
 */
export function glob(pattern: string): (value: string) => boolean {
  const steps = compile(Buffer.from(pattern))
  return (value) => matches(steps, Buffer.from(value))
}

function matches(steps: readonly Step[], value: Uint8Array): boolean {
  let step = 0
  let at = 0
  let afterStar = -1
  let resumeAt = 0
  while (at < value.length) {
    const test = steps[step]
    if (test === '*') {
      afterStar = ++step
      resumeAt = at
    } else if (test?.(value[at] ?? 0)) {
      step++
      at++
    } else if (afterStar >= 0) {
      step = afterStar
      at = ++resumeAt
    } else return false
  }
  while (steps[step] === '*') step++
  return step === steps.length
}

function compile(pattern: Uint8Array): Step[] {
  const steps: Step[] = []
  for (let i = 0; i < pattern.length; i++) {
    const char = String.fromCharCode(pattern[i] ?? 0)
    if (char === '*') steps.push('*')
    else if (char === '?') steps.push(() => true)
    else if (char === '[') {
      const { test, end } = compileClass(pattern, i + 1)
      steps.push(test)
      i = end
    } else {
      if (char === '\\' && i + 1 < pattern.length) i++
      const literal = pattern[i]
      steps.push((byte) => byte === literal)
    }
  }
  return steps
}

const [backslash, caret, dash, bracket] = [...Buffer.from('\\^-]')]

/** Reads a class that begins at `i`; one that is never closed ends with the pattern. `end` is the index of its last byte. */
function compileClass(pattern: Uint8Array, i: number): { test: (byte: number) => boolean; end: number } {
  const ranges: [number, number][] = []
  const negated = pattern[i] === caret
  if (negated) i++
  for (; i < pattern.length && pattern[i] !== bracket; i++) {
    if (pattern[i] === backslash && i + 1 < pattern.length) i++
    else if (pattern[i + 1] === dash && i + 2 < pattern.length) {
      const [low, high] = [pattern[i] ?? 0, pattern[i + 2] ?? 0]
      ranges.push(low <= high ? [low, high] : [high, low])
      i += 2
      continue
    }
    ranges.push([pattern[i] ?? 0, pattern[i] ?? 0])
  }
  const test = (byte: number) => ranges.some(([low, high]) => byte >= low && byte <= high) !== negated
  return { test, end: Math.min(i, pattern.length - 1) }
}
