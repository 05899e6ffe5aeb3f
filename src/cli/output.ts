// What people and programs read. Pure but for what is called print.
import { escapeText, toJson } from '../text/text.ts'

/** One JSON value with `--json`, else a table for a list and lines for an object. */
export const print = (value: unknown, { json }: { json?: boolean | undefined }): void => {
  process.stdout.write(`${json ? toJson(value, 2) : toText(value)}\n`)
}

/** For people: a table, and what there is to say to it. */
export const printWithNotes = (rows: unknown[], notes: readonly string[]): void => {
  process.stdout.write(`${[toText(rows), ...notes].join('\n\n')}\n`)
}

/**
 * Prints one JSON value a line, as fast as they are read, and stops where output fails: `outliveReaders` has said why,
 * and set the exit status.
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
  const entries = shown(value as Record<string, unknown>)
  const width = Math.max(...entries.map(([key]) => key.length))
  return entries.map(([key, v]) => `${key.padEnd(width)}  ${cellText(v)}`).join('\n')
}

/** Etags are for programs. */
const shown = (record: Record<string, unknown>): [string, unknown][] =>
  Object.entries(record).filter(([key]) => key !== 'etag')

const table = (rows: Record<string, unknown>[]): string => {
  const [first] = rows
  if (first === undefined) return '(none)'
  const columns = shown(first).map(([key]) => key)
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

/** Rows of earlier versions can hold text that is refused today. */
const cellText = (value: unknown): string => escapeText(cell(value))

/** A value on one line: lists with commas, grants as the flags write them. */
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
