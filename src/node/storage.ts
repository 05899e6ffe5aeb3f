// Files of the database and the ledger, and the space that is left for them.
import { statSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Config } from '../config.ts'
import type { Storage, StoredFile } from '../deps.ts'
import { loadMigrations } from '../store/sqlite/migrate.ts'
import { ledgerPath } from './ledger/writer.ts'

/** The database has been migrated when it was opened, so its schema is the newest one. */
export const readStorage = async (config: Pick<Config, 'databasePath'>): Promise<Storage> => ({
  schema: loadMigrations().at(-1)?.tag ?? null,
  database: fileAt(config.databasePath),
  ledger: fileAt(ledgerPath(config)),
  freeBytes: await freeBytesAt(dirname(config.databasePath)),
})

/** Size of a file with its write-ahead log; null if it is missing. */
const fileAt = (path: string): StoredFile | null => {
  const size = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return null
  return { path: resolve(path), bytes: size(path) + size(`${path}-wal`) }
}

const freeBytesAt = async (directory: string): Promise<number | null> => {
  try {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize
  } catch {
    return null // a file system that does not tell
  }
}
