/**
 * Copies of what is kept, by recipes: what of a document has to be copied is found out once for all that are built alike.
 *
 * V8 remembers the shapes and names that a function has met, few of them, and takes four times as long in one that has met more. What it
 * remembers belongs to the text of a function: each shape, and each column, is given one of some that have the same text.
 * @module
 */
import { isFlat, isPrimitive, kindOf, SHALLOW } from './copy.js'
import type { Kind, Row, Shallow } from './copy.js'

const SPREADS: readonly Shallow[] = [
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
  (value) => ({ ...(value as Row) }),
]
let spreads = 0

/** A copier of objects, for those of one shape. */
export const nextSpread = (): Shallow => SPREADS[spreads++ % SPREADS.length]!

/** How a column's values are copied, where all are built alike: nothing of them has to be looked at again. */
export interface Recipe {
  readonly kind: Kind
  readonly shallow: Shallow
  /** The properties of an object that are no primitives. */
  readonly inner: readonly (readonly [key: string, recipe: Recipe])[]
}

/** Of one shape's columns, and of one value: nobody counts their bytes. */
const MOST_RECIPES = 8
const MOST_INNER = 16

/** One of these that fits the value, or a new one; `undefined` where there is no room, and for what is not so simple. */
export function recipeFor(value: unknown, known: Recipe[]): Recipe | undefined {
  const found = known.find((recipe) => fits(value, recipe))
  if (found || known.length === MOST_RECIPES) return found
  const made = recipeOf(value, { inner: MOST_INNER })
  if (made) known.push(made)
  return made
}

/** `undefined` for what is no plain data, and where a list holds more than primitives. */
function recipeOf(value: unknown, left: { inner: number }): Recipe | undefined {
  const kind = kindOf(value)
  if (!kind || left.inner-- === 0) return undefined
  const inner: [string, Recipe][] = []
  if (kind !== 'object') return isFlat(value, kind) ? { kind, shallow: SHALLOW[kind], inner } : undefined
  for (const key in value as Row) {
    const item = (value as Row)[key]
    if (isPrimitive(item)) continue
    const recipe = recipeOf(item, left)
    if (!recipe) return undefined
    inner.push([key, recipe])
  }
  return { kind, shallow: nextSpread(), inner }
}

/** Whether the recipe of another value makes an exact copy of this one. */
export function fits(value: unknown, { kind, inner }: Recipe): boolean {
  if (kindOf(value) !== kind) return false
  if (kind !== 'object') return isFlat(value, kind)
  let at = 0
  for (const key in value as Row) {
    const item = (value as Row)[key]
    if (isPrimitive(item)) continue
    const next = inner[at++]
    if (!next || next[0] !== key || !fits(item, next[1])) return false
  }
  return at === inner.length
}

export function copyBy(value: unknown, { shallow, inner }: Recipe): Row {
  const copy = shallow(value)
  for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
  return copy
}

/** Puts copies in the place of a column's values. */
export type CopyColumn = (rows: readonly Row[], name: string, recipe: Recipe) => void

const COLUMNS: readonly CopyColumn[] = [
  (rows, name, { shallow, inner }) => {
    for (const row of rows) {
      const value = row[name]
      if (value === null) continue
      const copy = (row[name] = shallow(value))
      for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
    }
  },
  (rows, name, { shallow, inner }) => {
    for (const row of rows) {
      const value = row[name]
      if (value === null) continue
      const copy = (row[name] = shallow(value))
      for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
    }
  },
  (rows, name, { shallow, inner }) => {
    for (const row of rows) {
      const value = row[name]
      if (value === null) continue
      const copy = (row[name] = shallow(value))
      for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
    }
  },
  (rows, name, { shallow, inner }) => {
    for (const row of rows) {
      const value = row[name]
      if (value === null) continue
      const copy = (row[name] = shallow(value))
      for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
    }
  },
  (rows, name, { shallow, inner }) => {
    for (const row of rows) {
      const value = row[name]
      if (value === null) continue
      const copy = (row[name] = shallow(value))
      for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
    }
  },
  (rows, name, { shallow, inner }) => {
    for (const row of rows) {
      const value = row[name]
      if (value === null) continue
      const copy = (row[name] = shallow(value))
      for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
    }
  },
  (rows, name, { shallow, inner }) => {
    for (const row of rows) {
      const value = row[name]
      if (value === null) continue
      const copy = (row[name] = shallow(value))
      for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
    }
  },
  (rows, name, { shallow, inner }) => {
    for (const row of rows) {
      const value = row[name]
      if (value === null) continue
      const copy = (row[name] = shallow(value))
      for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
    }
  },
  (rows, name, { shallow, inner }) => {
    for (const row of rows) {
      const value = row[name]
      if (value === null) continue
      const copy = (row[name] = shallow(value))
      for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
    }
  },
  (rows, name, { shallow, inner }) => {
    for (const row of rows) {
      const value = row[name]
      if (value === null) continue
      const copy = (row[name] = shallow(value))
      for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
    }
  },
  (rows, name, { shallow, inner }) => {
    for (const row of rows) {
      const value = row[name]
      if (value === null) continue
      const copy = (row[name] = shallow(value))
      for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
    }
  },
  (rows, name, { shallow, inner }) => {
    for (const row of rows) {
      const value = row[name]
      if (value === null) continue
      const copy = (row[name] = shallow(value))
      for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
    }
  },
  (rows, name, { shallow, inner }) => {
    for (const row of rows) {
      const value = row[name]
      if (value === null) continue
      const copy = (row[name] = shallow(value))
      for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
    }
  },
  (rows, name, { shallow, inner }) => {
    for (const row of rows) {
      const value = row[name]
      if (value === null) continue
      const copy = (row[name] = shallow(value))
      for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
    }
  },
  (rows, name, { shallow, inner }) => {
    for (const row of rows) {
      const value = row[name]
      if (value === null) continue
      const copy = (row[name] = shallow(value))
      for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
    }
  },
  (rows, name, { shallow, inner }) => {
    for (const row of rows) {
      const value = row[name]
      if (value === null) continue
      const copy = (row[name] = shallow(value))
      for (const [key, recipe] of inner) copy[key] = copyBy(copy[key], recipe)
    }
  },
]
let columns = 0

/** A copier of columns, for one of them. */
export const nextColumn = (): CopyColumn => COLUMNS[columns++ % COLUMNS.length]!
