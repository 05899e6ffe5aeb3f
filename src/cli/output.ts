// Output of the commands, as text for people and as JSON for programs. Pure except for the print functions.
import { plural } from '../text/plural.ts'
import { shellWord } from '../text/shell.ts'
import { escapeText, toJson } from '../text/text.ts'
import { fullTime } from './cells.ts'
import { layOut, tableText } from './table.ts'
import { PLAIN_STYLE, type Style, styleOf } from './terminal.ts'

type Row = Readonly<Record<string, unknown>>

const style = (): Style => styleOf(process.stdout, process.env, Date.now())

/** Prints one JSON value with `--json`, else a table for a list and lines for an object. */
export const print = (value: unknown, { json }: { json?: boolean | undefined }): void => {
  process.stdout.write(`${json ? toJson(value, 2) : toText(value, style())}\n`)
}

/**
 * Prints a table of these columns. With `wide`, no column is left out and no cell is cut. Without it, a line on the
 * terminal tells how many columns were left out.
 */
export const printTable = (
  rows: readonly Row[],
  columns: readonly string[],
  { wide }: { wide?: boolean | undefined },
): void => {
  const fitted = wide ? { ...style(), width: Infinity } : style()
  const layout = layOut(rows, columns, fitted)
  process.stdout.write(`${tableText(layout, fitted)}\n`)
  const hasNote = rows.length > 0 && layout.leftOut > 0 && process.stderr.isTTY
  if (hasNote) process.stderr.write(`${leftOutText(layout.leftOut, fitted)}\n`)
}

const leftOutText = (count: number, { colours }: Style): string =>
  colours.note(`${plural(count, 'more column')}: --wide`)

/** Prints the credentials of a new client as lines for `eval` in a shell. A remote server may have sent them. */
export const printCredentials = (created: { client_id: string; client_secret: string }): void => {
  const { client_id: id, client_secret: secret } = created
  process.stdout.write(`CLIENT_ID=${shellWord(id)}\nCLIENT_SECRET=${shellWord(secret)}\n`)
}

/** Lines of a note. */
type Note = readonly string[]

const noteText = (lines: Note): string => lines.map(escapeText).join('\n')

/** Prints a table and notes about it, with every line escaped: a note can have the name of a file. */
export const printWithNotes = (
  rows: unknown[],
  notes: readonly Note[],
  columns?: readonly string[],
): void => {
  process.stdout.write(`${toText(rows, style(), columns)}\n`)
  for (const note of notes) process.stdout.write(`\n${noteText(note)}\n`)
}

/**
 * Prints one JSON value a line, no faster than the reader reads, and stops when a write fails: `outliveReaders` has
 * reported the failure and set the exit status.
 */
export const printLines = async (values: AsyncIterable<unknown>): Promise<void> => {
  let failed = false
  for await (const value of values) {
    await new Promise<void>((resolve) => {
      const hasRoom = process.stdout.write(`${toJson(value)}\n`, (error) => {
        failed ||= Boolean(error)
        resolve()
      })
      if (hasRoom) resolve()
    })
    if (failed) return
  }
}

/** Members without `etag`, which only programs use. */
const visibleMembers = (record: Record<string, unknown>): [string, unknown][] =>
  Object.entries(record).filter(([key]) => key !== 'etag')

/** Lines of an object. The names are escaped, too: a token of another issuer can have any claim. */
const linesOf = (record: Record<string, unknown>, { colours, now }: Style): string => {
  const entries = visibleMembers(record).map(
    ([key, member]) => [escapeText(key), colours.value(key, fullTime(key, member, now))] as const,
  )
  const width = Math.max(...entries.map(([key]) => key.length))
  return entries.map(([key, text]) => `${key.padEnd(width)}  ${text}`).join('\n')
}

/** @param columns the columns of a table, the most important first; all without them */
export const toText = (
  value: unknown,
  style: Style = PLAIN_STYLE,
  columns?: readonly string[],
): string => {
  if (Array.isArray(value)) {
    const rows = value as Record<string, unknown>[]
    // A table without chosen columns has sentences, which lose their meaning when they are cut.
    const all = visibleMembers(rows[0] ?? {}).map(([key]) => key)
    const fitted = columns ? style : { ...style, width: Infinity }
    return tableText(layOut(rows, columns ?? all, fitted), fitted)
  }
  return linesOf(value as Record<string, unknown>, style)
}
