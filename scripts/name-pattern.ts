/**
 * A list of names as the regular expression that matches these and nothing else, and back.
 * @module
 */

type Tree = Map<string, Tree>

/** A regular expression of nothing but `(`, `|`, `)` and `?` for a list of names: what they begin with in common is written once. */
export function patternOf(names: readonly string[]): string {
  const root: Tree = new Map()
  for (const name of names) {
    let node = root
    // The empty letter stands for the end of a name.
    for (const letter of name.split('').concat('')) node = node.get(letter) ?? node.set(letter, new Map()).get(letter)!
  }
  return patternOfTree(root)
}

function patternOfTree(tree: Tree): string {
  const mayEnd = tree.has('')
  const endings = [...tree].filter(([letter]) => letter).map(([letter, rest]) => letter + patternOfTree(rest))
  if (endings.length === 0) return ''
  if (mayEnd) return endings.length === 1 && endings[0]!.length === 1 ? `${endings[0]}?` : `(${endings.join('|')})?`
  return endings.length === 1 ? endings[0]! : `(${endings.join('|')})`
}

/** The names that such an expression stands for, sorted. */
export function namesOf({ source }: RegExp): string[] {
  let at = 0
  const either = (): string[] => {
    const names = sequence()
    while (source[at] === '|') {
      at++
      names.push(...sequence())
    }
    return names
  }
  const sequence = (): string[] => {
    let names = ['']
    while (at < source.length && !'|)'.includes(source[at]!)) {
      const letter = source[at++]!
      if ('^$'.includes(letter)) continue
      let endings = [letter]
      if (letter === '(') {
        endings = either()
        at++
      }
      if (source[at] === '?') {
        at++
        endings.push('')
      }
      names = names.flatMap((name) => endings.map((ending) => name + ending))
    }
    return names
  }
  return either().sort()
}
