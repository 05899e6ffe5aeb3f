// Errors of SQLite, and what each means.
import type { DriverError, Violation } from '../steps/dialect.ts'

/**
 * The innermost error, which is SQLite's own. The outer errors repeat the statement's parameters, and text that a person
 * wrote must not decide the meaning of an error.
 */
const innermost = (error: unknown): unknown => {
  let inner = error
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause
  return inner
}

const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown'
  const code = 'code' in error ? String(error.code) : error.message
  return /\bSQLITE_[A-Z_]+/.exec(code)?.[0] ?? error.name
}

/** The beginning of SQLite's message, and the violation that it reports. */
const VIOLATIONS: readonly (readonly [message: string, violation: Violation])[] = [
  ['CHECK constraint failed: unchanged', 'unchanged'],
  ['CHECK constraint failed: administrable', 'administrable'],
  ['CHECK constraint failed: within_limit', 'within_limit'],
  ['UNIQUE constraint failed', 'unique'],
  ['FOREIGN KEY constraint failed', 'foreign_key'],
]

export const readSqliteError = (error: unknown): DriverError => {
  const inner = innermost(error)
  const message = inner instanceof Error ? inner.message.replace(/^D1_ERROR: /, '') : ''
  const violation = VIOLATIONS.find(([beginning]) => message.startsWith(beginning))?.[1] ?? null
  const code = codeOf(inner)
  return { violation, code, isBusy: violation === null && code.startsWith('SQLITE_BUSY') }
}
