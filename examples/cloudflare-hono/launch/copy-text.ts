/** A value of a row that is loaded. */
export type Cell = string | number

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** Rows in the text format of COPY: a line a row, tabs between the columns. */
export function copyText(rows: readonly (readonly Cell[])[]): string {
  const cell = (value: Cell) =>
    typeof value === 'number' ? String(value) : value.replace(/[\\\t\n\r]/g, (sign) => ESCAPES[sign]!)
  return rows.map((row) => `${row.map(cell).join('\t')}\n`).join('')
}
