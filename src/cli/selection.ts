// Selection of the rows of a list and their order: `--filter` and `--sort`. Pure: no I/O.
import { cellText } from './cells.ts'

type Row = Readonly<Record<string, unknown>>

/** `MEMBER=VALUE`, in which `*` matches any text. */
export type Match = { member: string; value: string }

export type Order = { member: string; isDescending: boolean }

/** @returns null for a text that names no member */
export const parseMatch = (text: string, members: readonly string[]): Match | null => {
  const equals = text.indexOf('=')
  const member = text.slice(0, Math.max(equals, 0))
  return members.includes(member) ? { member, value: text.slice(equals + 1) } : null
}

/** Parses `MEMBER`, or `-MEMBER` for the descending order. @returns null for a text that names no member */
export const parseOrder = (text: string, members: readonly string[]): Order | null => {
  const isDescending = text.startsWith('-')
  const member = isDescending ? text.slice(1) : text
  return members.includes(member) ? { member, isDescending } : null
}

/** True for a row that fits every match. An empty value fits a member without a value. */
export const isMatched = (row: Row, matches: readonly Match[]): boolean =>
  matches.every(({ member, value }) => textsOf(row[member]).some((text) => fits(text, value)))

/** The texts that a member may be matched by: a list has one for each item, and an empty one if it is empty. */
const textsOf = (value: unknown): string[] => {
  if (value === null || value === undefined) return ['']
  if (!Array.isArray(value)) return [cellText(value)]
  return value.length === 0 ? [''] : value.map(cellText)
}

/** Compares the parts between the stars from left to right, each at its first place: linear, unlike an expression. */
const fits = (text: string, pattern: string): boolean => {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return text === first
  if (!text.startsWith(first)) return false
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}

/** Rows in this order; rows without a value are last in both directions, and equal rows keep their order. */
export const sorted = <T extends Row>(rows: readonly T[], { member, isDescending }: Order): T[] => {
  const key = (row: T): string | number | null => {
    const value = row[member]
    if (value === null || value === undefined) return null
    return typeof value === 'number' ? value : cellText(value)
  }
  return rows
    .map((row) => ({ row, by: key(row) }))
    .sort((a, b) => {
      if (a.by === null || b.by === null) return Number(a.by === null) - Number(b.by === null)
      if (a.by === b.by) return 0
      return a.by < b.by === isDescending ? 1 : -1
    })
    .map(({ row }) => row)
}
