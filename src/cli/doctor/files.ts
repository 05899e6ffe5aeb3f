// Checks of files: access of other users to the database, the ledger, credentials and copies, and the
// key-encryption key. They repair nothing, unlike each other command.
import { closeSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Config } from '../../config.ts'
import { COPY_SEARCH_BYTES, MAX_COPIES_SEARCHED } from '../../constants.ts'
import { isDatabaseFile } from '../../node/files/database-file.ts'
import { accessTo } from '../../node/files/file-modes.ts'
import { loadKek } from '../../node/files/key-encryption-key.ts'
import { OWN_FILES } from '../../node/files/secret-files.ts'
import { ledgerPath } from '../../node/ledger/writer.ts'
import { type Finding, type Patient, failed, ok } from './check.ts'

const SUFFIXES = ['', '-wal', '-shm']

export const files = async (patient: Pick<Patient, 'config'>): Promise<readonly Finding[]> => {
  const config = patient.config()
  const databases = [config.databasePath, ledgerPath(config)]
  const own = databases.flatMap((path) => SUFFIXES.map((suffix) => path + suffix))
  const folders = [dirname(config.databasePath), config.keysDirectory]
  const paths = [...own, ...credentialsIn(config.keysDirectory), ...copiesBeside(config, own)]
  const findings = [...paths.flatMap(fileFindings), ...folders.flatMap(folderFindings)]
  return findings.length > 0 ? findings : [ok('no other user has access to them')]
}

const fileFindings = (path: string): Finding[] => {
  const access = accessTo(path)
  if (access === null) return []
  if (access.isForeign) {
    return [
      failed(`${path} belongs to another user (${access.uid})`, `run: chown $(id -u) ${path}`),
    ]
  }
  if (!access.isOpen) return []
  return [
    failed(
      `${path} has mode ${access.mode}: other users have access to it`,
      `run: chmod 600 ${path}; then replace the secrets that other users may have read`,
    ),
  ]
}

const folderFindings = (path: string): Finding[] => {
  const access = accessTo(path)
  if (access === null || !access.isReplaceable) return []
  return [
    failed(
      `${path} has mode ${access.mode}: other users can replace the files in it`,
      `run: chmod go-w ${path}`,
    ),
  ]
}

/** The files with credentials in a keys folder. The key-encryption key has a check of its own. */
const credentialsIn = (directory: string): string[] =>
  namesIn(directory)
    .filter((name) => OWN_FILES.test(name) && name.startsWith('admin'))
    .map((name) => join(directory, name))

/** Copies of the database, such as backups, in the folder of the database and in the current one. */
const copiesBeside = ({ databasePath }: Config, own: readonly string[]): string[] => {
  const known = new Set(own.map((path) => resolve(path)))
  const folders = new Set([resolve(dirname(databasePath)), process.cwd()])
  return [...folders].flatMap((folder) =>
    namesIn(folder)
      .slice(0, MAX_COPIES_SEARCHED)
      .map((name) => join(folder, name))
      .filter((path) => !known.has(path) && isCopy(path)),
  )
}

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
