/** Looks until it is so. What is waited for is named, because that is all that a failure shows. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`within ${withinMs} ms there was no: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
