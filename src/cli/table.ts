// Tables that fit a terminal. Pure: no I/O. No library: cli-table3 (last release: 2024) draws columns of given widths,
// and leaves out none, so that all the fitting would still be in this file.
import { type Cell, cellOf } from './cells.ts'
import { MIN_CUT_COLUMN_CHARS } from '../constants.ts'
import { escapeText } from '../text/text.ts'
import type { Style } from './terminal.ts'

type Row = Readonly<Record<string, unknown>>
type Column = { name: string; cells: readonly Cell[]; width: number; least: number }

const GAP = '  '
const ELLIPSIS = '…'

/** Columns that fit, of this number of rows. */
type Layout = {
  columns: readonly Column[]
  rows: number
  /** Columns that do not fit. */
  leftOut: number
}

/**
 * Fits columns to the width of the terminal. Where it does not suffice, names and lists are cut first, then the last
 * columns are left out. The first column stays whole.
 * @param columns the most important first
 */
export const layOut = (
  rows: readonly Row[],
  columns: readonly string[],
  { width, now }: Style,
): Layout => {
  const all = columns.map((name) => columnOf(name, rows, now))
  const fitted = fit(all, width)
  return { columns: fitted, rows: rows.length, leftOut: all.length - fitted.length }
}

/** Renders rows below a line of names. */
export const tableText = ({ columns, rows }: Layout, { colours }: Style): string => {
  if (rows === 0) return '(none)'
  const line = (texts: readonly string[], paint: (text: string, i: number) => string): string =>
    texts
      .map((text, i) => paint(text, i) + padding(text, columns[i]?.width ?? 0))
      .join(GAP)
      .trimEnd()
  const head = line(
    columns.map(({ name }) => name.toUpperCase()),
    (text) => colours.head(text),
  )
  const body = Array.from({ length: rows }, (_, row) =>
    line(
      columns.map(({ cells, width: room }) => cutTo(cells[row], room)),
      (text, i) => colours.value(columns[i]?.name ?? '', text),
    ),
  )
  return [head, ...body].join('\n')
}

const columnOf = (name: string, rows: readonly Row[], now: number | null): Column => {
  const cells = rows.map((row) => cellOf(name, row[name], now))
  const head = escapeText(name)
  const width = cells.reduce((most, { text }) => Math.max(most, widthOf(text)), head.length)
  const canBeCut = cells.some(({ items, isProse }) => isProse || items !== null)
  return {
    name: head,
    cells,
    width,
    least: canBeCut ? Math.min(width, Math.max(head.length, MIN_CUT_COLUMN_CHARS)) : width,
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

const fit = (columns: readonly Column[], width: number): Column[] => {
  const room = (count: number): number => width - GAP.length * (count - 1)
  let count = columns.length
  while (count > 1 && sum(columns.slice(0, count).map(({ least }) => least)) > room(count)) count--
  const kept = columns.slice(0, count).map((column) => ({ ...column }))
  let excess = sum(kept.map((column) => column.width)) - room(count)
  while (excess > 0) {
    const [widest] = kept
      .filter((column) => column.width > column.least)
      .sort((a, b) => b.width - a.width)
    if (widest === undefined) break
    widest.width -= 1
    excess -= 1
  }
  return kept
}

/** Cuts a name to the width, and a list between two of its members: an id is never cut. */
const cutTo = (cell: Cell | undefined, width: number): string => {
  if (cell === undefined) return ''
  if (widthOf(cell.text) <= width) return cell.text
  if (cell.items !== null) return cutList(cell.items, width)
  return cell.isProse ? cutText(cell.text, width) : cell.text
}

const cutList = (items: readonly string[], width: number): string => {
  for (let count = items.length - 1; count > 0; count--) {
    const text = `${items.slice(0, count).join(', ')}, +${items.length - count}`
    if (widthOf(text) <= width) return text
  }
  return `(${items.length})`
}

const cutText = (text: string, width: number): string => {
  if (NARROW.test(text)) return text.slice(0, width - 1) + ELLIPSIS
  let cut = ''
  let used = 1 // the width of the ellipsis
  for (const segment of graphemesOf(text)) {
    used += widthOf(segment)
    if (used > width) break
    cut += segment
  }
  return cut + ELLIPSIS
}

let segmenter: Intl.Segmenter | undefined

/** Characters as a reader counts them. The segmenter takes 7 ms to make, and most tables need none. */
const graphemesOf = (text: string): string[] => {
  segmenter ??= new Intl.Segmenter()
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

/** Printable characters of one column each: ASCII, and Latin letters with their accents. */
const NARROW = /^[\x20-\x7e\u00a1-\u02ff]*$/
/** Characters that a terminal shows two columns wide (UAX #11): East Asian scripts and emoji. */
const WIDE =
  /^(?:\p{sc=Han}|\p{sc=Hiragana}|\p{sc=Katakana}|\p{sc=Hangul}|\p{Emoji_Presentation}|[\u3000-\u303e\uff01-\uff60])|\ufe0f/u
const MARK = /^\p{M}/u

/** Columns of a terminal that a text occupies. */
export const widthOf = (text: string): number => {
  if (NARROW.test(text)) return text.length
  return sum(
    graphemesOf(text).map((segment) => {
      if (WIDE.test(segment)) return 2
      return MARK.test(segment) ? 0 : 1
    }),
  )
}

const padding = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - widthOf(text)))
