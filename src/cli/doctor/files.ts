// Checks of files: access of other users to the database, the ledger, credentials and copies, and the
// key-encryption key. They repair nothing, unlike each other command.
import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Config } from '../../config.ts'
import { COPY_SEARCH_BYTES, MAX_COPIES_SEARCHED } from '../../constants.ts'
import { isDatabaseFile } from '../../node/files/database-file.ts'
import { type Access, accessTo, isOfUsers } from '../../node/files/file-modes.ts'
import { loadKek } from '../../node/files/key-encryption-key.ts'
import { OWN_FILES } from '../../node/files/secret-files.ts'
import { ledgerPath } from '../../node/ledger/writer.ts'
import { shellPath } from '../../text/shell.ts'
import { type Finding, type Patient, failed, ok, warning } from './check.ts'

const SUFFIXES = ['', '-wal', '-shm']

export const files = async (patient: Pick<Patient, 'config'>): Promise<readonly Finding[]> => {
  const config = patient.config()
  const databases = [config.databasePath, ledgerPath(config)]
  const own = databases.flatMap((path) => SUFFIXES.map((suffix) => path + suffix))
  const folders = [dirname(config.databasePath), config.keysDirectory]
  const paths = [...own, ...credentialsIn(config.keysDirectory), ...copiesBeside(config, own)]
  const findings = [
    ...paths.flatMap(fileFindings),
    ...copiesElsewhere(config).flatMap(elsewhereFindings(config)),
    ...folders.flatMap(folderFindings),
  ]
  return findings.length > 0 ? findings : [ok('no other user has access to them')]
}

const fileFindings = (path: string): Finding[] => {
  const access = accessTo(path)
  return access === null ? [] : findingsOf(path, access)
}

/**
 * Findings of a copy in the current folder, in which other users may create files. A file of theirs is none of this
 * installation: it fails no check, and no command with its name is offered.
 */
const elsewhereFindings =
  ({ databasePath }: Config) =>
  (path: string): Finding[] => {
    const access = accessTo(path)
    if (access === null) return []
    if (isOfUsers(access, accessTo(databasePath))) return findingsOf(path, access)
    return [
      warning(
        `${path} looks like a copy of a Latchkey database, and belongs to another user (${access.uid})`,
        'ask that user; if it is a copy of this database, replace the secrets in it',
      ),
    ]
  }

const findingsOf = (path: string, access: Access): Finding[] => {
  if (access.isForeign) {
    return [
      failed(
        `${path} belongs to another user (${access.uid})`,
        `run: chown $(id -u) ${shellPath(path)}`,
      ),
    ]
  }
  if (!access.isOpen) return []
  return [
    failed(
      `${path} has mode ${access.mode}: other users have access to it`,
      `run: chmod 600 ${shellPath(path)}; then replace the secrets that other users may have read`,
    ),
  ]
}

const folderFindings = (path: string): Finding[] => {
  const access = accessTo(path)
  if (access === null || !access.isReplaceable) return []
  return [
    failed(
      `${path} has mode ${access.mode}: other users can replace the files in it`,
      `run: chmod go-w ${shellPath(path)}`,
    ),
  ]
}

/** The files with credentials in a keys folder. The key-encryption key has a check of its own. */
const credentialsIn = (directory: string): string[] =>
  namesIn(directory)
    .filter((name) => OWN_FILES.test(name) && name.startsWith('admin'))
    .map((name) => join(directory, name))

/** Copies of the database, such as backups, in its folder. */
const copiesBeside = ({ databasePath }: Config, own: readonly string[]): string[] => {
  const known = new Set(own.map((path) => resolve(path)))
  return copiesIn(resolve(dirname(databasePath))).filter((path) => !known.has(path))
}

/** Copies in the current folder, if it is another one. */
const copiesElsewhere = ({ databasePath }: Config): string[] =>
  resolve(dirname(databasePath)) === process.cwd() ? [] : copiesIn(process.cwd())

const copiesIn = (folder: string): string[] =>
  namesIn(folder)
    .slice(0, MAX_COPIES_SEARCHED)
    .map((name) => join(folder, name))
    .filter(isCopy)

/** True for an SQLite database with the table that names our migrations. Its text is in the first pages of the file. */
const isCopy = (path: string): boolean => {
  if (!isDatabaseFile(path) || statSync(path).size === 0) return false
  const file = openSync(path, 'r')
  try {
    const start = Buffer.alloc(COPY_SEARCH_BYTES)
    const read = readSync(file, start, 0, start.length, 0)
    return start.subarray(0, read).includes('latchkey_migrations')
  } finally {
    closeSync(file)
  }
}

const namesIn = (directory: string): string[] => {
  try {
    return readdirSync(directory)
  } catch {
    return [] // no folder, or one that this user cannot read
  }
}

/** @throws StartRefused with the command that repairs the file */
export const keyEncryptionKey = async (
  patient: Pick<Patient, 'config'>,
): Promise<readonly Finding[]> => {
  const config = patient.config()
  loadKek(config, true)
  return [ok(config.kek === null ? 'private, 32 bytes' : 'from LATCHKEY_KEK')]
}
