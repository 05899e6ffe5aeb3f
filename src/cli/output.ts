// Output of the commands, as text for people and as JSON for programs. Pure except for the print functions.
import { escapeText, toJson } from '../text/text.ts'

/** Prints one JSON value with `--json`, else a table for a list and lines for an object. */
export const print = (value: unknown, { json }: { json?: boolean | undefined }): void => {
  process.stdout.write(`${json ? toJson(value, 2) : toText(value)}\n`)
}

/** Prints the credentials of a new client as lines for `eval` in a shell. */
export const printCredentials = (created: { client_id: string; client_secret: string }): void => {
  process.stdout.write(`CLIENT_ID=${created.client_id}\nCLIENT_SECRET=${created.client_secret}\n`)
}

/** Prints a table and notes about it. */
export const printWithNotes = (rows: unknown[], notes: readonly string[]): void => {
  process.stdout.write(`${[toText(rows), ...notes].join('\n\n')}\n`)
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

export const toText = (value: unknown): string => {
  if (Array.isArray(value)) return table(value as Record<string, unknown>[])
  const entries = visibleMembers(value as Record<string, unknown>)
  const width = Math.max(...entries.map(([key]) => key.length))
  return entries.map(([key, v]) => `${key.padEnd(width)}  ${cellText(v)}`).join('\n')
}

/** Members without `etag`, which only programs use. */
const visibleMembers = (record: Record<string, unknown>): [string, unknown][] =>
  Object.entries(record).filter(([key]) => key !== 'etag')

const table = (rows: Record<string, unknown>[]): string => {
  const [first] = rows
  if (first === undefined) return '(none)'
  const columns = visibleMembers(first).map(([key]) => key)
  const lines = [
    columns.map((column) => column.toUpperCase()),
    ...rows.map((row) => columns.map((column) => cellText(row[column]))),
  ]
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)))
  return lines
    .map((line) =>
      line
        .map((text, i) => text.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Escapes a cell: rows of earlier versions can contain text that is refused today. */
const cellText = (value: unknown): string => escapeText(cell(value))

/** Formats a value on one line: lists with commas, grants in the syntax of the flags. */
const cell = (value: unknown): string => {
  if (value === null || value === undefined) return '-'
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(cell).join(', ')
  if (typeof value !== 'object') return String(value as string | number | boolean)
  const record = value as Record<string, unknown>
  if ('audience' in record && 'permissions' in record) {
    return `${cell(record['audience'])}=${(record['permissions'] as string[]).join(' ')}`
  }
  if ('name' in record && 'implies' in record) {
    const implies = record['implies'] as string[]
    return implies.length === 0
      ? cell(record['name'])
      : `${cell(record['name'])}>${implies.join(',')}`
  }
  return JSON.stringify(value)
}
