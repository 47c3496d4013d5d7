/**
 * Users, orders and audit events that look alive: made up, and the same at every load on the same day.
 * @module
 */
import type { Cell } from './copy-text.ts'

export const USER_COUNT = 300
const ORDER_COUNT = 4_000
const DAYS = 90
const DAY_MS = 86_400_000

export const AUDIT_COLUMNS = {
  users: 'name, email, country, created_at',
  orders: 'user_id, status, total, created_at',
  audit_events: 'user_id, action, detail, created_at',
}

const GIVEN = [
  'Ada',
  'Alan',
  'Barbara',
  'Claude',
  'Donald',
  'Edsger',
  'Frances',
  'Grace',
  'Hedy',
  'Ivan',
  'Joan',
  'Karen',
  'Leslie',
  'Margaret',
  'Niklaus',
  'Radia',
]
const FAMILY = [
  'Abel',
  'Berg',
  'Costa',
  'Dubois',
  'Eriksen',
  'Fischer',
  'García',
  'Haddad',
  'Ito',
  'Jensen',
  'Kowalski',
  'Lindqvist',
  'Moreau',
  'Novák',
  "O'Brien",
  'Papadopoulos',
  'Rossi',
  'Silva',
  'Tanaka',
]
const COUNTRIES = [
  'AR',
  'BR',
  'CA',
  'DE',
  'EG',
  'ES',
  'FR',
  'GB',
  'IN',
  'IT',
  'JP',
  'MX',
  'NG',
  'NL',
  'PL',
  'SE',
  'US',
  'ZA',
]
const STATUSES = ['open', 'paid', 'paid', 'paid', 'shipped', 'shipped', 'shipped', 'shipped', 'returned']
const ACTIONS = [
  'login',
  'login',
  'login',
  'login',
  'profile.update',
  'order.create',
  'order.create',
  'order.cancel',
  'password.change',
  'export.csv',
]

/** Numbers in [0, 1), always the same row of them for a seed (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Rows of the three audit tables, the newest from `today`. Ids are left to the database, which counts from 1. */
export function auditRows(today = Date.now()): Record<keyof typeof AUDIT_COLUMNS, Cell[][]> {
  const random = numbersFrom(20_260_804)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  const someone = () => 1 + Math.floor(random() ** 1.5 * USER_COUNT)
  const midnight = Math.floor(today / DAY_MS) * DAY_MS
  const at = (daysAgo: number) => new Date(midnight - daysAgo * DAY_MS + Math.floor(random() * DAY_MS)).toISOString()

  const users = Array.from({ length: USER_COUNT }, (_, i): Cell[] => {
    const [given, family] = [pick(GIVEN), pick(FAMILY)]
    return [
      `${given} ${family}`,
      `user${i + 1}@example.org`,
      pick(COUNTRIES),
      at(DAYS + 1 + Math.floor(random() * 600)),
    ]
  })
  const orders = Array.from({ length: ORDER_COUNT }, (): Cell[] => {
    const total = (5 + random() ** 3 * 495).toFixed(2)
    return [someone(), pick(STATUSES), total, at(1 + Math.floor(random() * DAYS))]
  })
  orders.sort(byTime)
  const events = Array.from({ length: DAYS }, (_, i) => DAYS - i).flatMap((daysAgo) => {
    const isWeekend = [0, 6].includes(new Date(midnight - daysAgo * DAY_MS).getUTCDay())
    const count = Math.round((isWeekend ? 60 : 150) * (0.8 + random() * 0.4))
    const ofDay = Array.from({ length: count }, (): Cell[] => [
      someone(),
      pick(ACTIONS),
      JSON.stringify({ source: pick(['web', 'app']) }),
      at(daysAgo),
    ])
    return ofDay.sort(byTime)
  })
  return { users, orders, audit_events: events }
}

/** The last column of an order or event is its time. */
const byTime = (a: readonly Cell[], b: readonly Cell[]) => (String(a.at(-1)) < String(b.at(-1)) ? -1 : 1)
