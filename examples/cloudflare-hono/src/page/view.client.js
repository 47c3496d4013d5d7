// Elements of the page, and an answer's data as a table, a chart or text. Nothing is ever put in as markup.

const ROWS_SHOWN = 50

/** An element with properties and children; strings become text nodes. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'class') element.className = value
    else element.setAttribute(name, value)
  }
  element.append(...children)
  return element
}

function cell(value) {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'number') return value.toLocaleString('en', { maximumFractionDigits: 5 })
  if (typeof value === 'object') return JSON.stringify(value)
  return String(value)
}

function tableOf(rows) {
  const columns = Object.keys(rows[0])
  const isNumber = (column) => typeof rows[0][column] === 'number' && column !== 'id'
  const text = (row, column) => (column === 'id' ? String(row[column]) : cell(row[column]))
  const head = el('tr', {}, ...columns.map((column) => el('th', isNumber(column) ? { class: 'number' } : {}, column)))
  const body = rows.slice(0, ROWS_SHOWN).map((row) => {
    return el(
      'tr',
      {},
      ...columns.map((column) => el('td', isNumber(column) ? { class: 'number' } : {}, text(row, column))),
    )
  })
  const table = el('table', {}, el('thead', {}, head), el('tbody', {}, ...body))
  const more = rows.length - ROWS_SHOWN
  return more > 0 ? [table, el('p', { class: 'hint' }, `and ${more} more rows`)] : [table]
}

function chartOf(rows) {
  const most = Math.max(...rows.map((row) => row.events), 1)
  const bars = rows.map((row) => {
    const bar = el('div', { title: `${row.day}: ${row.events} events` })
    bar.style.height = `${(row.events / most) * 100}%`
    return bar
  })
  return el(
    'div',
    { class: 'chart', role: 'img', 'aria-label': `${rows.length} days, at most ${most} events a day` },
    ...bars,
  )
}

const isRows = (value) =>
  Array.isArray(value) && value.length > 0 && value.every((row) => typeof row === 'object' && row !== null)

/** The data of an answer: rows as a table, days as a chart above it, several results under their names, anything else as JSON. */
export function viewOf(data) {
  if (Array.isArray(data) && data.length === 0) return [el('p', { class: 'hint' }, 'No rows.')]
  if (isRows(data)) return [...('day' in data[0] ? [chartOf(data)] : []), ...tableOf(data)]
  const parts = typeof data === 'object' && data !== null ? Object.entries(data) : []
  if (parts.length > 0 && parts.every(([, value]) => Array.isArray(value))) {
    return parts.flatMap(([name, rows]) => [el('h3', {}, name), ...viewOf(rows)])
  }
  return [el('pre', { class: 'mono' }, JSON.stringify(data, null, 2))]
}
