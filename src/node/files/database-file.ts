// Checks the file of a database before the process makes, opens or repairs anything. Reads only.
import { type Stats, closeSync, openSync, readSync, statSync } from 'node:fs'
import { StartRefused } from '../../errors.ts'

/** First bytes of every SQLite database (https://www.sqlite.org/fileformat.html, §1.3). */
const HEADER = Buffer.from('SQLite format 3\0', 'latin1')

/**
 * Requires that a path is free, an empty file or an SQLite database.
 * @returns whether there is no database yet
 * @throws StartRefused for a folder, a device or a file of another kind
 */
export const requireDatabaseFile = (path: string): { isNew: boolean } => {
  const refuse = (reason: string) => new StartRefused(`cannot open the database ${path}: ${reason}`)
  const stats = statsOf(path)
  if (stats === null) return { isNew: true }
  if (stats.isDirectory()) throw refuse('EISDIR')
  if (!stats.isFile()) throw refuse('it is no regular file')
  if (stats.size === 0) return { isNew: true }
  if (hasHeader(path) === false) throw refuse('SQLITE_NOTADB')
  return { isNew: false }
}

/** Tells whether a path is a regular file that is empty or begins like an SQLite database. */
export const isDatabaseFile = (path: string): boolean => {
  const stats = statsOf(path)
  return stats !== null && stats.isFile() && (stats.size === 0 || hasHeader(path) === true)
}

/** Returns null for a missing file, and for one that this user cannot see. */
const statsOf = (path: string): Stats | null => {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null
  } catch {
    return null // the code that opens the file reports the reason
  }
}

/** Returns null for a file that cannot be read. Its owner is checked elsewhere. */
const hasHeader = (path: string): boolean | null => {
  try {
    const file = openSync(path, 'r')
    try {
      const start = Buffer.alloc(HEADER.length)
      readSync(file, start, 0, HEADER.length, 0)
      return start.equals(HEADER)
    } finally {
      closeSync(file)
    }
  } catch {
    return null
  }
}
