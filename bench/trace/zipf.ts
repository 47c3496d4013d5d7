/** Zipf's law: of `count` things the k-th is asked for 1/k^exponent as often as the first. From a number in [0, 1) to 0 .. count - 1. */
export function zipf(count: number, exponent: number): (random: number) => number {
  const sums = new Float64Array(count)
  let sum = 0
  for (let k = 0; k < count; k++) sums[k] = sum += (k + 1) ** -exponent
  return (random) => {
    const wanted = random * sum
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle]! > wanted) high = middle
      else low = middle + 1
    }
    return low
  }
}
