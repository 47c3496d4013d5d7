import { describe, expect, it } from 'vitest'
import { Sieve } from '../../src/sieve.js'
import type { Kept } from '../../src/sieve.js'

interface Item extends Kept<Item> {
  key: string
}

const item = (key: string, size = 1): Item => ({ key, size, visited: false, newer: undefined, older: undefined })

/** Keeps at most so many, as isolate memory does. */
class Memory {
  readonly sieve = new Sieve<Item>()
  readonly most: number

  constructor(most: number) {
    this.most = most
  }

  /** True: it was there. */
  ask(key: string): boolean {
    const found = this.sieve.get(key)
    if (found) return (found.visited = true)
    while (this.sieve.count >= this.most) this.sieve.evict()
    this.sieve.add(item(key))
    return false
  }

  get keys(): string[] {
    return [...this.sieve.all()].map(({ key }) => key)
  }
}

describe('what goes first', () => {
  it('is the oldest that nobody read', () => {
    const memory = new Memory(3)
    for (const key of ['a', 'b', 'c']) memory.ask(key)
    memory.ask('a')
    memory.ask('d')
    expect(memory.keys).toEqual(['a', 'c', 'd'])
  })

  it('is found from where the last one went, not from the oldest', () => {
    const memory = new Memory(3)
    for (const key of ['a', 'b', 'c']) memory.ask(key)
    memory.ask('a')
    memory.ask('d')
    // The mark of `a` is gone by now, but the hand is past it.
    memory.ask('e')
    expect(memory.keys).toEqual(['a', 'd', 'e'])
  })

  it('is one that was read, when all were', () => {
    const memory = new Memory(3)
    for (const key of ['a', 'b', 'c', 'a', 'b', 'c']) memory.ask(key)
    memory.ask('d')
    expect(memory.keys).toEqual(['b', 'c', 'd'])
  })

  it('is not what has just come back', () => {
    const memory = new Memory(3)
    for (const key of ['a', 'b', 'c', 'd']) memory.ask(key)
    expect(memory.ask('a')).toBe(false)
    for (const key of ['e', 'f', 'g']) memory.ask(key)
    expect(memory.keys).toContain('a')
  })

  it('is what comes back after so long that nobody remembers it', () => {
    const memory = new Memory(3)
    for (let i = 0; i < 200; i++) memory.ask(`key ${i}`)
    memory.ask('key 0')
    expect(memory.sieve.get('key 0')!.visited).toBe(false)
  })

  it('is what a scan brings, not what is asked again and again', () => {
    const memory = new Memory(100)
    const hot = Array.from({ length: 50 }, (_, i) => `hot ${i}`)
    for (let round = 0; round < 3; round++) for (const key of hot) memory.ask(key)
    let hits = 0
    for (let i = 0; i < 5_000; i++) {
      memory.ask(`once ${i}`)
      if (memory.ask(hot[i % 50]!)) hits++
    }
    expect(hits).toBe(5_000)
  })

  it('says what it was', () => {
    const { sieve } = new Memory(3)
    sieve.add(item('a'))
    sieve.add(item('b'))
    expect(sieve.evict().key).toBe('a')
    expect(sieve.drop('b')?.key).toBe('b')
    expect(sieve.drop('b')).toBeUndefined()
  })
})

describe('what is kept', () => {
  it('is counted, also when it is replaced and dropped', () => {
    const sieve = new Sieve<Item>()
    sieve.add(item('a', 10))
    sieve.add(item('b', 20))
    sieve.add(item('a', 30))
    expect([sieve.count, sieve.bytes]).toEqual([2, 50])
    sieve.drop('b')
    expect([sieve.count, sieve.bytes]).toEqual([1, 30])
    sieve.drop('a')
    expect([sieve.count, sieve.bytes, [...sieve.all()]]).toEqual([0, 0, []])
  })

  it('holds on to nothing that was dropped', () => {
    const sieve = new Sieve<Item>()
    const [a, b, c] = [item('a'), item('b'), item('c')]
    for (const one of [a, b, c]) sieve.add(one)
    sieve.drop('b')
    expect([b.newer, b.older]).toEqual([undefined, undefined])
    expect([a.newer, c.older]).toEqual([c, a])
  })

  it('stays a ring whatever is dropped in whatever order', () => {
    const random = (() => {
      let state = 1
      return (below: number) => (state = (state * 48_271) % 2_147_483_647) % below
    })()
    const sieve = new Sieve<Item>()
    const keys = new Set<string>()
    for (let step = 0; step < 2_000; step++) {
      const key = String(random(40))
      const kind = random(4)
      if (kind === 0) {
        sieve.drop(key)
        keys.delete(key)
      } else if (kind === 1 && keys.size > 0) keys.delete(sieve.evict().key)
      else if (kind === 2) {
        sieve.add(item(key))
        keys.add(key)
      } else {
        const found = sieve.get(key)
        expect(found !== undefined).toBe(keys.has(key))
        if (found) found.visited = true
      }
      const [first] = sieve.all()
      const around: string[] = []
      for (let one = first; one && around.length <= 40; one = one.newer === first ? undefined : one.newer) {
        expect(one.newer!.older).toBe(one)
        around.push(one.key)
      }
      expect(new Set(around)).toEqual(keys)
      expect(sieve.count).toBe(keys.size)
    }
  })
})
