// docs/benchmarks.svg: tokens per second of Latchkey and of the other servers, as bars. Pure.
import type { Bar, Results } from './result.ts'

const WIDTH = 760
const LEFT = 250
const RIGHT = 90
const TOP = 52
const STEP = 32
const BAR_HEIGHT = 20

const STYLE = `
    .card { fill: #ffffff; stroke: #d0d7de }
    .bar { fill: #afb8c1 }
    .ours { fill: #0969da }
    text { fill: #1f2328 }
    .name { text-anchor: end }
    .title { font-size: 16px; font-weight: 600 }
    @media (prefers-color-scheme: dark) {
      .card { fill: #0d1117; stroke: #3d444d }
      .bar { fill: #656c76 }
      .ours { fill: #4493f8 }
      text { fill: #f0f6fc }
    }`

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

const whole = (value: number): string => Math.round(value).toLocaleString('en')

const barOf = ({ label, value, ours }: Bar, at: number, scale: number): string => {
  const y = TOP + at * STEP
  const width = Math.round(value * scale)
  return `  <text class="name" x="${LEFT - 12}" y="${y + 15}">${escaped(label)}</text>
  <rect class="${ours ? 'ours' : 'bar'}" x="${LEFT}" y="${y}" width="${width}" height="${BAR_HEIGHT}" rx="3"/>
  <text x="${LEFT + width + 8}" y="${y + 15}">${whole(value)}</text>`
}

export const chartOf = (results: Results): string => {
  const bars = (results['token']?.bars ?? [])
    .filter(({ value }) => value > 0)
    .toSorted((a, b) => b.value - a.value)
  const height = TOP + bars.length * STEP + 14
  const scale = (WIDTH - LEFT - RIGHT) / Math.max(1, ...bars.map(({ value }) => value))
  const description = bars.map(({ label, value }) => `${label} ${whole(value)}`).join('; ')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="14" role="img" aria-labelledby="t d">
  <title id="t">Tokens per second</title>
  <desc id="d">RS256 access tokens per second on the same machine, in turns. ${escaped(description)}.</desc>
  <style>${STYLE}
  </style>
  <rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="12"/>
  <text class="title" x="24" y="33">Tokens per second (RS256, same machine)</text>
${bars.map((bar, i) => barOf(bar, i, scale)).join('\n')}
</svg>
`
}
