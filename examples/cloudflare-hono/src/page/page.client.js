// Everything that comes from the Worker is put on the page as text, never as markup.

import { OUTCOMES, ROUTES } from './routes.client.js'
import { el, viewOf } from './view.client.js'

const LOG_LENGTH = 50
const byId = (id) => document.getElementById(id)

const badge = (outcome, text = outcome) => el('span', { class: 'badge', 'data-outcome': outcome }, text)
const milliseconds = (ms) => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms).toLocaleString('en')} ms`)

function ageText(seconds) {
  if (typeof seconds !== 'number') return '–'
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3_600)} h`
}

/** Where the fields of a card are filled in: path, query or body. */
function requestOf(route, fields) {
  const value = (name) => fields.get(name).value
  const path = route.path.replace(/:(\w+)/g, (_, name) => encodeURIComponent(value(name)))
  const query = new URLSearchParams()
  for (const name of Object.keys(route.query ?? {})) if (value(name) !== '') query.set(name, value(name))
  const url = query.size > 0 ? `${path}?${query}` : path
  if (!route.method) return { url, init: { headers: { accept: 'application/json' } } }
  const entry = (name) => [name, route.numbers?.includes(name) ? Number(value(name)) : value(name)]
  const body = JSON.stringify(Object.fromEntries(Object.keys(route.body ?? {}).map(entry)))
  return { url, init: { method: route.method, headers: { 'content-type': 'application/json' }, body } }
}

/** From the one that came furthest: the outcome of a batch is that of its slowest part. */
const FURTHEST_FIRST = ['bypass', 'miss', 'coalesced', 'stale-if-error', 'l2', 'stale', 'l1']

/** A batch has no outcome in its body; its response has a `Cache-Status` like `edge-query-cache; hit; ttl=60; detail="l1=4 l2=1"`. */
function outcomeOfHeader(status) {
  const detail = /detail="?([^";,]+)/.exec(status ?? '')?.[1]
  if (!detail) return { outcome: undefined }
  const outcome = FURTHEST_FIRST.find((name) =>
    detail.split(' ').some((part) => part === name || part.startsWith(`${name}=`)),
  )
  return {
    outcome,
    reason: detail
      .split(' ')
      .map((part) => part.replace('=', ' × '))
      .join(', '),
  }
}

/** The outcome of an answer as the page shows it. */
function outcomeOf(body, headers) {
  const cache = body?.cache
  if (!cache) return outcomeOfHeader(headers.get('cache-status'))
  if (typeof cache.invalidated === 'boolean') {
    const tables = (cache.tables ?? []).map((table) => table.replace('public.', '')).join(', ')
    return {
      outcome: 'write',
      reason: cache.invalidated ? `invalidated ${tables}` : `${tables}: not invalidated, will be tried again`,
    }
  }
  return cache
}

/** Milliseconds that the Worker waited for Redis and Postgres, as its `Server-Timing` says; `undefined` when it waited for neither. */
function timeBehindTheWorker(timing) {
  const found = /dur=([\d.]+)/.exec(timing ?? '')
  return found ? Number(found[1]) : undefined
}

/** Sends a request and times it. Never throws: what went wrong is an outcome as well. */
async function ask(route, fields) {
  const { url, init } = requestOf(route, fields)
  const entry = { route, url, at: new Date() }
  const started = performance.now()
  try {
    const response = await fetch(url, { ...init, cache: 'no-store' })
    const text = await response.text()
    entry.ms = performance.now() - started
    let body
    try {
      body = JSON.parse(text)
    } catch {
      return { ...entry, outcome: 'error', reason: `HTTP ${response.status}, and the answer is not JSON` }
    }
    const { outcome, reason, age } = outcomeOf(body, response.headers)
    entry.behind = timeBehindTheWorker(response.headers.get('server-timing'))
    if (!response.ok)
      return { ...entry, body, outcome: 'error', reason: `HTTP ${response.status}: ${body?.error ?? 'see the answer'}` }
    return { ...entry, body, outcome, reason, age: outcome === 'bypass' ? undefined : age }
  } catch {
    return {
      ...entry,
      ms: performance.now() - started,
      outcome: 'error',
      reason: 'the Worker cannot be reached: is `npm start` running?',
    }
  }
}

function showAnswer({ route, url, body, reason, outcome }) {
  const count = Array.isArray(body?.data) ? `, ${body.data.length} rows` : ''
  byId('answer-head').textContent = `${route.method ?? 'GET'} ${url}${count}`
  const shown = outcome === 'error' ? { error: body?.error ?? reason } : body?.data
  byId('answer').replaceChildren(...viewOf(shown))
}

function showFailure({ outcome, route, reason }) {
  const failure = byId('failure')
  failure.hidden = outcome !== 'error'
  failure.textContent = outcome === 'error' ? `${route.method ?? 'GET'} ${route.path}: ${reason}` : ''
}

const log = []

function showLog() {
  const slowest = Math.max(...log.map(({ ms }) => ms), 1)
  const rows = log.map(({ route, url, at, outcome, reason, age, ms }) => {
    const bar = el('div', { class: 'bar', 'aria-hidden': 'true' })
    bar.style.width = `${(ms / slowest) * 100}%`
    const where = [
      el('span', { class: 'path' }, `${route.method ?? 'GET'} ${url}`),
      el('span', { class: 'reason' }, at.toLocaleTimeString('en-GB')),
    ]
    const how = outcome ? [badge(outcome)] : ['–']
    if (reason) how.push(el('span', { class: 'reason' }, reason))
    return el(
      'tr',
      { 'data-testid': 'log-row', 'data-route': route.name, 'data-outcome': outcome ?? '' },
      el('td', {}, ...where),
      el('td', {}, ...how),
      el('td', { class: 'number' }, ageText(age)),
      el('td', { class: 'number' }, milliseconds(ms), bar),
    )
  })
  byId('log').replaceChildren(...rows)
  byId('log-empty').hidden = log.length > 0
}

/** This isolate's counters. Reading them is no query, so that looking does not change what is seen. */
async function showStats() {
  try {
    const { data } = await (await fetch('/stats/isolate', { cache: 'no-store' })).json()
    const asked = data.cacheHits + data.cacheMisses
    byId('hit-ratio').textContent = asked === 0 ? 'nothing asked yet' : `${Math.round(data.hitRatio * 100)} %`
    byId('gauge-fill').style.width = `${data.hitRatio * 100}%`
    byId('stat-hits').textContent = data.cacheHits.toLocaleString('en')
    byId('stat-misses').textContent = data.cacheMisses.toLocaleString('en')
    byId('stat-db').textContent = data.dbQueries.toLocaleString('en')
    byId('stat-redis').textContent = data.redisTrips.toLocaleString('en')
  } catch {
    byId('hit-ratio').textContent = '–'
  }
}

function fieldsOf(route) {
  const values = { ...route.params, ...route.query, ...route.body }
  const fields = new Map()
  for (const [name, value] of Object.entries(values)) {
    const numeric = /^\d+$/.test(value)
    const input = el('input', { name, value, autocomplete: 'off', 'data-testid': `field-${route.name}-${name}` })
    if (numeric) input.inputMode = 'numeric'
    if (numeric || name === 'country') input.className = 'short'
    fields.set(name, input)
  }
  return fields
}

/** A route's card: its fields, its button, and the outcome, age and time of its last answer. */
function cardOf(route) {
  const fields = fieldsOf(route)
  const button = el(
    'button',
    { type: 'submit', class: 'press', 'data-testid': `press-${route.name}`, 'aria-label': `Press ${route.what}` },
    'Press',
  )
  const result = el('div', { class: 'result', 'data-testid': `result-${route.name}`, 'aria-live': 'polite' })
  result.hidden = true
  const labels = [...fields].map(([name, input]) => el('label', {}, name, input))
  const head = el(
    'div',
    {},
    el('span', { class: 'method' }, route.method ?? 'GET'),
    el('span', { class: 'path' }, route.path),
    el('p', { class: 'what' }, route.what),
  )
  const form = el('form', { class: 'route', 'data-testid': `route-${route.name}` }, head, button)
  if (labels.length > 0) form.append(el('div', { class: 'fields' }, ...labels))
  form.append(result)

  async function press() {
    button.disabled = true
    const entry = await ask(route, fields)
    button.disabled = false
    log.unshift(entry)
    log.length = Math.min(log.length, LOG_LENGTH)
    showResult(result, route, entry)
    showAnswer(entry)
    showFailure(entry)
    showLog()
    await showStats()
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void press()
  })
  return { form, press, route }
}

function showResult(result, route, { outcome, reason, age, ms, behind }) {
  const shown = outcome ? badge(outcome) : badge('bypass', 'no query')
  shown.dataset.testid = `outcome-${route.name}`
  const parts = [shown]
  if (typeof age === 'number') parts.push(el('span', { 'data-testid': `age-${route.name}` }, `age ${ageText(age)}`))
  parts.push(el('span', { 'data-testid': `time-${route.name}` }, milliseconds(ms)))
  if (behind !== undefined)
    parts.push(el('span', { class: 'reason' }, `of which ${milliseconds(behind)} behind the Worker`))
  if (reason) parts.push(el('span', { class: 'reason', 'data-testid': `reason-${route.name}` }, reason))
  parts.push(el('a', { class: 'to-answer', href: '#answer-title' }, 'answer ↓'))
  result.replaceChildren(...parts)
  result.hidden = false
}

async function showIsolates() {
  const response = await fetch('/isolates').catch(() => undefined)
  const urls = response?.ok ? (await response.json()).data : []
  if (urls.length < 2) return
  const links = urls.map((url, index) => {
    const here = new URL(url).port === location.port
    return el(
      'a',
      { href: url, 'data-testid': `isolate-${index + 1}`, ...(here ? { 'aria-current': 'page' } : {}) },
      `Isolate ${index + 1}`,
    )
  })
  byId('isolates').replaceChildren(...links)
  byId('isolates').hidden = false
}

const cards = ROUTES.map(cardOf)
for (const group of new Set(ROUTES.map((route) => route.group))) {
  const forms = cards.filter(({ route }) => route.group === group).map(({ form }) => form)
  byId('routes').append(el('section', { class: 'group' }, el('h2', {}, group), ...forms))
}
for (const [outcome, meaning] of Object.entries(OUTCOMES)) {
  byId('legend').append(el('dt', {}, badge(outcome)), el('dd', {}, meaning))
}
async function pressEveryRead() {
  byId('press-all').disabled = true
  for (const { press, route } of cards) if (route.group === 'Reads') await press()
  byId('press-all').disabled = false
}
byId('press-all').addEventListener('click', () => void pressEveryRead())
byId('clear').addEventListener('click', () => {
  log.length = 0
  showLog()
})
void showStats()
void showIsolates()
