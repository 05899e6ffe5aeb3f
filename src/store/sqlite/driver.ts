// Loads better-sqlite3's binary before any file is opened, so that an error of the binary is not reported as one of the
// database.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { StartRefused } from '../../errors.ts'

/** The installation is broken. No file has been changed. */
export class DriverUnusable extends StartRefused {
  readonly code = 'DRIVER_UNUSABLE'
}

/** @throws DriverUnusable for a binary that is missing, cut off, or built for another version of Node.js or machine */
export const requireDriver = (): void => {
  // The system maps a file that is cut off, and the first access behind its end kills the process (SIGBUS).
  if (isCutOff(binaryPath())) {
    throw unusable(`cannot be loaded by Node.js ${process.version} (cut off)`)
  }
  try {
    new BetterSqlite3(':memory:').close()
  } catch (error) {
    throw unusable(reasonOf(error), { cause: error })
  }
}

const unusable = (reason: string, options?: ErrorOptions): DriverUnusable =>
  new DriverUnusable(
    `the installation is broken: better-sqlite3 ${reason}; run: npm rebuild better-sqlite3`,
    options,
  )

/** The path at which a build and a download put the binary. */
const binaryPath = (): string => {
  const entry = createRequire(import.meta.url).resolve('better-sqlite3')
  return join(dirname(entry), '..', 'build', 'Release', 'better_sqlite3.node')
}

/** First bytes and length of the header of an ELF file of 64 bits, little-endian (System V ABI, chapter 4). */
const ELF_64_LITTLE = Buffer.from('\x7fELF\x02\x01', 'latin1')
const ELF_HEADER_BYTES = 64

/** True for an ELF file without its last bytes, which are the table of its sections. Ignores other formats. */
const isCutOff = (path: string): boolean => {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return false // missing, or not readable for this user: loading it throws an error with the cause
  }
  try {
    const header = Buffer.alloc(ELF_HEADER_BYTES)
    const read = readSync(file, header, 0, ELF_HEADER_BYTES, 0)
    if (!header.subarray(0, ELF_64_LITTLE.length).equals(ELF_64_LITTLE)) return false
    const sections = Number(header.readBigUInt64LE(0x28)) // e_shoff
    const size = header.readUInt16LE(0x3a) // e_shentsize
    const count = header.readUInt16LE(0x3c) // e_shnum
    return read < ELF_HEADER_BYTES || fstatSync(file).size < sections + size * count
  } finally {
    closeSync(file)
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
