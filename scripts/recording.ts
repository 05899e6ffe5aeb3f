// `npm run recording` runs the demo and writes some of its steps to docs/demo.svg, as a terminal that plays them. With
// `-- --check` it compares instead: ids, ports and times differ from run to run, and everything else must be the same.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FILE = fileURLToPath(new URL('../docs/demo.svg', import.meta.url))
const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

const COLUMNS = 100
const ROWS = 19
const ROW_PX = 19
const COLUMN_PX = 8
const PADDING_PX = 16
const BAR_PX = 32
const WIDTH = COLUMNS * COLUMN_PX + 2 * PADDING_PX
const HEIGHT = ROWS * ROW_PX + BAR_PX + PADDING_PX

/** Time from one row to the next, and the time to read a step, in milliseconds. */
const ROW_MS = 60
const readingMs = (rows: number): number => 500 + 220 * rows
const LAST_MS = 3_000

/** Step that is shown where the reader wants no motion: the resource server refuses a revoked token. */
const STILL_STEP = 'The token is refused from now on'

/** Titles of the steps that are shown: the way from a token to its refusal. All steps would play for 50 s. */
const SHOWN_STEPS = [
  'An operator creates a plugin',
  'The client requests a token.',
  'The client calls the resource server',
  'The client revokes its token.',
  STILL_STEP,
  'The operator revokes tokens.',
]

const isStep = (row: string): boolean => /^\d+\. /.test(row)
const isStepOf = (row: string, title: string): boolean =>
  isStep(row) && row.replace(/^\d+\. /, '').startsWith(title)

/**
 * Rows of a terminal with the start of the demo's output and the shown steps.
 * @throws Error for a row that is too wide, and for a step that the demo lacks
 */
export const rowsOf = (output: string): string[] => {
  const rows = ['$ npx latchkey demo', ...output.trimEnd().split('\n')]
  const wide = rows.find((row) => row.length > COLUMNS)
  if (wide !== undefined) throw new Error(`the demo prints more than ${COLUMNS} columns: ${wide}`)
  const missing = SHOWN_STEPS.find((title) => !rows.some((row) => isStepOf(row, title)))
  if (missing !== undefined) throw new Error(`the demo has no step: ${missing}`)
  let isShown = true
  const shown = rows.filter((row) => {
    if (isStep(row)) isShown = SHOWN_STEPS.some((title) => isStepOf(row, title))
    return isShown
  })
  return shown.join('\n').trimEnd().split('\n')
}

/** The ampersand is first, so that no name is escaped again. */
const XML = [
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
] as const
const escaped = (text: string): string =>
  XML.reduce((read, [character, name]) => read.replaceAll(character, name), text)
const unescaped = (text: string): string =>
  XML.toReversed().reduce((read, [character, name]) => read.replaceAll(name, character), text)

/** Rows of a recording. */
export const rowsIn = (svg: string): string[] =>
  [...svg.matchAll(/<text y="\d+"(?: class="\w+")?>(.*?)<\/text>/g)].map(([, row = '']) =>
    unescaped(row.replaceAll(/<\/?tspan[^>]*>/g, '')),
  )

/** Values that differ from run to run. */
const VALUES: readonly (readonly [RegExp, string])[] = [
  [/:\d{5}\b/g, ':PORT'],
  [/\b(lk[cers]_)[\w-]{22}/g, '$1ID'],
  [/\b(lk[es]_)[\w-]+…/g, '$1SECRET'],
  [/eyJ[\w-]+…[\w-]+/g, 'TOKEN'],
  [/("(?:iat|exp)": )\d+/g, '$1TIME'],
  [/("(?:jti|workspace_ref|kid)": ?)"[\w-]+"/g, '$1"ID"'],
  [/(key revoke )[\w-]+…/g, '$1KID'],
  [/\b\d{1,3} ms\b/g, 'N ms'],
]
const comparable = (row: string): string =>
  VALUES.reduce((text, [value, name]) => text.replaceAll(value, name), row)

/** Returns the first rows that differ, or null. A row that is missing is undefined. */
export const difference = (svg: string, output: string) => {
  const recorded = rowsIn(svg).map(comparable)
  const printed = rowsOf(output).map(comparable)
  const longer = recorded.length > printed.length ? recorded : printed
  const at = longer.findIndex((_, i) => printed[i] !== recorded[i])
  return at === -1 ? null : { recorded: recorded[at], printed: printed[at] }
}

/** Marks the status of an answer. */
const marked = (row: string): string =>
  escaped(row)
    .replace(/→ (2\d\d)/, '→ <tspan class="ok">$1</tspan>')
    .replace(/→ (4\d\d)/, '→ <tspan class="no">$1</tspan>')
    .replace(/(refused after \d+ ms)/, '<tspan class="no">$1</tspan>')

const classOf = (row: string, i: number): string =>
  i === 0 ? ' class="prompt"' : isStep(row) ? ' class="step"' : ''

/** Times at which each row appears, in milliseconds, and the end. */
const timesOf = (rows: readonly string[]): { times: number[]; end: number } => {
  let now = 0
  let read = 0
  const times = rows.map((row, i) => {
    if (i > 0 && isStep(row)) {
      now += readingMs(i - read)
      read = i
    }
    return (now += ROW_MS)
  })
  return { times, end: now + LAST_MS }
}

const moved = (rows: number): string => `transform:translateY(${rows * ROW_PX}px)`

/** Scrolls so that row `i` is the last one that fits. */
const scrolled = (i: number): string => moved(Math.min(0, ROWS - 1 - i))
/** Uncovers row `i` and those above it. */
const uncovered = (i: number): string => moved(Math.min(i + 1, ROWS))

const recordingOf = (rows: readonly string[]): string => {
  const { times, end } = timesOf(rows)
  const share = (time: number): string => `${((time * 100) / end).toFixed(2)}%`
  const scrolling = times.map((time, i) => `${share(time)}{${scrolled(i)}}`)
  const uncovering = times.slice(0, ROWS).map((time, i) => `${share(time)}{${uncovered(i)}}`)
  const seconds = `${(end / 1000).toFixed(1)}s`
  const begin = rows.findIndex((row) => isStepOf(row, STILL_STEP))
  const still = rows.findIndex((row, i) => i > begin && isStep(row)) - 1
  const texts = rows.map(
    (row, i) => `<text y="${i * ROW_PX + 14}"${classOf(row, i)}>${marked(row)}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="t">
<title id="t">A recording of latchkey demo in a terminal</title>
<style>
text { fill: #e6edf3; font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre }
.prompt { fill: #7ee787 }
.step { fill: #79c0ff; font-weight: 600 }
.ok { fill: #7ee787 }
.no { fill: #ff7b72 }
.rows { ${scrolled(still)} }
.cover { fill: #0d1117; ${uncovered(ROWS)} }
@media (prefers-reduced-motion: no-preference) {
.rows { animation: scroll ${seconds} step-end infinite }
.cover { animation: uncover ${seconds} step-end infinite }
}
@keyframes scroll { 0%{${scrolled(0)}} ${scrolling.slice(ROWS).join(' ')} 100%{${scrolled(rows.length - 1)}} }
@keyframes uncover { 0%{${uncovered(-1)}} ${uncovering.join(' ')} 100%{${uncovered(ROWS)}} }
</style>
<rect width="${WIDTH}" height="${HEIGHT}" rx="10" fill="#0d1117" stroke="#3d444d"/>
<circle cx="20" cy="16" r="6" fill="#ff5f57"/><circle cx="40" cy="16" r="6" fill="#febc2e"/><circle cx="60" cy="16" r="6" fill="#28c840"/>
<svg x="${PADDING_PX}" y="${BAR_PX}" width="${COLUMNS * COLUMN_PX}" height="${ROWS * ROW_PX}">
<g class="rows" xml:space="preserve">
${texts.join('\n')}
</g>
<rect class="cover" width="${COLUMNS * COLUMN_PX}" height="${ROWS * ROW_PX}"/>
</svg>
</svg>
`
}

const runDemo = (): string => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'demo'], {
    encoding: 'utf8',
  })
  if (status === 0) return stdout
  throw new Error(`the demo ended with ${status}: ${stderr}`)
}

const main = (isCheck: boolean): void => {
  const output = runDemo()
  if (!isCheck) {
    writeFileSync(FILE, recordingOf(rowsOf(output)))
    return
  }
  const found = difference(readFileSync(FILE, 'utf8'), output)
  if (found === null) return
  process.stderr.write(
    `docs/demo.svg shows: ${found.recorded}\nthe demo prints:      ${found.printed}\n` +
      'Record it again: npm run recording\n',
  )
  process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.includes('--check'))
