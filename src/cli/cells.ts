// Values as text for people: lists with commas, grants in the syntax of the flags, times. Pure: no I/O.
import { DAY_SECONDS } from '../constants.ts'
import { escapeText } from '../text/text.ts'

/** The members that have text for a person: a short line can cut them, because no command accepts them. */
const PROSE: ReadonlySet<string> = new Set(['name', 'detail'])

/** A value of a table. `items` are the texts of a list, which is cut between two of them. */
export type Cell = { text: string; items: readonly string[] | null; isProse: boolean }

export const cellOf = (member: string, value: unknown, now: number | null): Cell => {
  const items = Array.isArray(value) && value.length > 0 ? value.map(cellText) : null
  const isTime = now !== null && typeof value === 'string' && isTimeMember(member)
  const text = isTime ? relativeTime(value, now) : cellText(value)
  return { text, items, isProse: PROSE.has(member) && typeof value === 'string' }
}

/** Escapes a cell: rows of earlier versions can contain text that is refused today. */
export const cellText = (value: unknown): string => escapeText(cell(value))

const isTimeMember = (member: string): boolean => member === 'time' || member.endsWith('_at')

/** A time for `show` on a terminal: the exact one, and how far away it is. */
export const fullTime = (member: string, value: unknown, now: number | null): string => {
  const text = cellText(value)
  if (now === null || typeof value !== 'string' || !isTimeMember(member)) return text
  return `${text} (${relativeTime(value, now)})`
}

const UNITS: readonly (readonly [seconds: number, unit: string])[] = [
  [DAY_SECONDS, 'd'],
  [60 * 60, 'h'],
  [60, 'min'],
  [1, 's'],
]

/**
 * `5 min ago`, `in 3 h`: in the largest unit that fits, rounded down. A text that is no time stays as it is.
 * @param now milliseconds since 1970
 */
export const relativeTime = (time: string, now: number): string => {
  const seconds = Math.trunc((Date.parse(time) - now) / 1000)
  if (Number.isNaN(seconds)) return escapeText(time)
  const distance = Math.abs(seconds)
  const [size, unit] = UNITS.find(([least]) => distance >= least) ?? [1, 's']
  const count = `${Math.floor(distance / size)} ${unit}`
  if (seconds === 0) return 'now'
  return seconds < 0 ? `${count} ago` : `in ${count}`
}

/** Formats a value on one line. */
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
