// Loads better-sqlite3's binary ahead of any file, so that its faults are not taken for those of a database.
import BetterSqlite3 from 'better-sqlite3'
import { StartRefused } from '../errors.ts'

/** The installation is broken, and no file has been touched. */
export class DriverUnusable extends StartRefused {
  readonly code = 'DRIVER_UNUSABLE'
}

/** @throws DriverUnusable where the binary is missing, or was built for another version of Node.js or machine */
export const requireDriver = (): void => {
  try {
    new BetterSqlite3(':memory:').close()
  } catch (error) {
    throw new DriverUnusable(
      `the installation is broken: better-sqlite3 ${reasonOf(error)}; run: npm rebuild better-sqlite3`,
      { cause: error },
    )
  }
}

const reasonOf = (error: unknown): string => {
  const { message, code = 'no binary' } = error as NodeJS.ErrnoException
  const version = `Node.js ${process.version}`
  if (message.includes('NODE_MODULE_VERSION')) {
    return `was built for another version of Node.js than this one, ${process.version} (${code})`
  }
  return `cannot be loaded by ${version} (${code})`
}
