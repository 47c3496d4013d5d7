/** A table as an SVG: how many times ours everybody takes, on a logarithmic axis, or the figures themselves where we have none. */
import * as echarts from 'echarts'
import { figure, participants } from './cells.ts'
import { OWN } from './types.ts'
import type { Row, Table } from './types.ts'

const WIDTH = 860
const BAR = 13
const LEGEND_LINE = 20
const COLOURS = ['#1f6feb', '#e08d1a', '#2da44e', '#a475f9', '#bf3989', '#57606a', '#17a2b8', '#9a6700', '#cf222e']

export function chartOf(table: Table): string {
  const names = participants(table).filter((name) => table.rows.some(({ cells }) => cells[name]))
  const relative = table.rows.some(({ cells }) => (cells[OWN]?.median ?? 0) > 0)
  const shown = relative ? names.filter((name) => name !== OWN) : names
  // A row where we have nothing has no ratio.
  const rows = relative ? table.rows.filter(({ cells }) => (cells[OWN]?.median ?? 0) > 0) : table.rows
  const top = 78 + LEGEND_LINE * linesOf(rows.map(({ label }) => label))
  const height = top + 40 + shown.length * (rows.length * BAR + 12)
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height })
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'Helvetica, Arial, sans-serif' },
    color: COLOURS,
    title: {
      text: table.title,
      subtext: relative ? `times ${OWN} = 1; more to the right is slower or dearer than we are` : table.unit,
      left: 12,
      top: 6,
      textStyle: { fontSize: 15 },
    },
    legend: { top: 52, left: 8, itemGap: 14, show: rows.length > 1 },
    grid: { left: 40, right: 60, top, bottom: 12, containLabel: true },
    xAxis: axisOf(rows, shown, relative),
    yAxis: { type: 'category', data: shown, inverse: true, axisTick: { show: false } },
    series: rows.map((row, at) => ({
      type: 'bar',
      name: row.label,
      barWidth: BAR - 3,
      data: shown.map((name) => barOf(valueOf(row, name, relative), relative)),
      label: {
        show: true,
        position: 'right',
        fontSize: 10,
        formatter: ({ value }: { value: unknown }) => (typeof value === 'number' ? figure(value) : ''),
      },
      ...(relative && at === 0 && { markLine: OURS }),
    })),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}

/** Lines that a legend takes: about 7 pixels a letter and 55 around a name. */
const linesOf = (names: readonly string[]): number =>
  Math.ceil(names.reduce((width, name) => width + 55 + 7 * name.length, 0) / WIDTH)

/** The bar of who is faster grows to the left of ours, and its figure stands at its end. */
function barOf(value: number | undefined, relative: boolean) {
  if (value === undefined) return null
  return relative && value < 1 ? { value, label: { position: 'left' as const } } : { value }
}

/** The line of our own figure. */
const OURS = {
  silent: true,
  symbol: 'none',
  label: { formatter: OWN, position: 'start', fontSize: 10 },
  lineStyle: { color: '#cf222e', type: 'solid', width: 1.5 },
  data: [{ xAxis: 1 }],
}

/** Bars of a logarithmic axis begin somewhere below the smallest. */
function axisOf(rows: readonly Row[], names: readonly string[], relative: boolean) {
  if (!relative) return { type: 'value' }
  const values = rows.flatMap((row) => names.flatMap((name) => valueOf(row, name, true) ?? []))
  const least = Math.min(0.5, ...values.map((value) => value * 0.6))
  const power = 10 ** Math.floor(Math.log10(least))
  const min = power * ([5, 2].find((step) => step * power <= least) ?? 1)
  return {
    type: 'log',
    min,
    axisLabel: { formatter: (value: number) => `${figure(value)}×` },
  }
}

function valueOf({ cells }: Row, name: string, relative: boolean): number | undefined {
  const value = cells[name]?.median
  const own = cells[OWN]?.median
  if (value === undefined || !relative) return value
  return own && value > 0 ? value / own : undefined
}
