// Opens the database for the server and for commands, and performs the first start of an empty one.
import { randomBytes } from 'node:crypto'
import { lstatSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Audit } from '../audit/record.ts'
import type { Config } from '../config.ts'
import { type Opened, openedParts } from '../deps.ts'
import { StartRefused } from '../errors.ts'
import type { Log } from '../log.ts'
import { newClientId, newClientSecret } from '../secret.ts'
import { firstKeys, provisionKeys } from '../signing/provision.ts'
import { openBetterSqlite3Store } from '../store/sqlite/better-sqlite3.ts'
import { requireDriver } from '../store/sqlite/driver.ts'
import { firstSeed, newAdministrator } from '../store/seed.ts'
import type { Store } from '../store/store.ts'
import { cryptographyOf } from './cryptography.ts'
import { isDatabaseFile, requireDatabaseFile } from './files/database-file.ts'
import { keepDirectoryPrivate, keepFilePrivate } from './files/file-modes.ts'
import {
  OWN_FILES,
  ensureSecretDirectory,
  readIfExists,
  replaceSecretFile,
} from './files/secret-files.ts'
import { loadKek, requireKek } from './files/key-encryption-key.ts'
import { ledgerPath } from './ledger/writer.ts'

type OpenOptions = {
  config: Pick<
    Config,
    'databasePath' | 'keysDirectory' | 'kek' | 'kekFile' | 'algorithms' | 'issuer' | 'workers'
  >
  /** Milliseconds since the epoch. */
  clock: () => number
  log: Log
  /** Actor of audit events: `server` or `cli:USER`. */
  actor: string
  /** Makes a missing database. Most commands do not set it: they may be typed in the wrong folder. */
  create: boolean
}

/** @throws StartRefused with one line for the operator */
export const openLatchkey = async (options: OpenOptions): Promise<Opened> => {
  const { config, clock, log, actor, create } = options
  requireDriver()
  // Checks everything before the first change, so that a refusal leaves the disk as it was.
  const { isNew } = requireDatabaseFile(config.databasePath)
  if (isNew && !create) throw noDatabase(config)
  if (isNew) requireKek(config)
  const store = openBetterSqlite3Store(config.databasePath, () => keepFilesPrivate(config, log))
  try {
    const now = Math.floor(clock() / 1000)
    const initialized = await store.isInitialized()
    if (!create && !initialized) throw noDatabase(config)
    const kek = loadKek(config, initialized)
    const opened = openedParts({ store, kek, clock, cryptography: cryptographyOf(config) })
    const { audit } = opened
    if (!initialized) await firstStart(store, { config, kek, now, audit, actor, log })
    await provisionKeys({ store, algorithms: config.algorithms, kek, now, audit, log, actor })
    return opened
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Endings of SQLite's files beside a database. The last one belongs to a ledger that was moved aside. */
const DATABASE_FILE = /^(-wal|-shm|-journal|\.unusable-.*)?$/

/**
 * Repairs the modes of existing files, after the database is known to be Latchkey's. The log names each file.
 * @throws StartRefused if another user owns a file, or its mode cannot be changed
 */
const keepFilesPrivate = (
  config: Pick<Config, 'databasePath' | 'keysDirectory' | 'kek' | 'kekFile'>,
  log: Log,
): void => {
  const databases = [config.databasePath, ledgerPath(config)]
  const isOurs = (name: string): boolean =>
    databases.some((path) => {
      const base = basename(path)
      return name.startsWith(base) && DATABASE_FILE.test(name.slice(base.length))
    })
  keepDirectoryPrivate(dirname(config.databasePath), isOurs, { log })
  keepDirectoryPrivate(config.keysDirectory, (name) => OWN_FILES.test(name), { log })
  keepDatabasePrivate(targetOf(config.databasePath), log)
  const credentials = join(config.keysDirectory, CREDENTIALS)
  const keepCredentials = (): void => keepFilePrivate(credentials, { log, isOurs: isCredentials })
  if (isKekElsewhere(config))
    tolerate('the first credentials are open to other users', log, keepCredentials)
  else keepCredentials()
  const ledger = ledgerPath(config)
  if (!isDatabaseFile(ledger)) return
  tolerate('the ledger is open to other users', log, () => keepDatabasePrivate(ledger, log))
}

/** Returns the target of a link: SQLite puts its other files beside it. */
const targetOf = (path: string): string =>
  lstatSync(path).isSymbolicLink() ? realpathSync(path) : path

/** Tells whether the file can be read and has a client's secret. */
const isCredentials = (path: string): boolean =>
  readIfExists(path)?.includes('"client_secret"') === true

/** Tells whether the key-encryption key is outside the keys folder, which may then be read-only. */
const isKekElsewhere = ({ kek, kekFile }: Pick<Config, 'kek' | 'kekFile'>): boolean =>
  kek !== null || kekFile !== null

/** Logs a refusal instead of throwing it, for a file that is not needed to issue or to revoke. */
const tolerate = (message: string, log: Log, keepPrivate: () => void): void => {
  try {
    keepPrivate()
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error
    log.error({ reason: error.message }, message)
  }
}

const keepDatabasePrivate = (path: string, log: Log): void => {
  for (const suffix of ['', '-wal', '-shm']) keepFilePrivate(`${path}${suffix}`, { log })
}

export const noDatabase = ({ databasePath }: Pick<Config, 'databasePath'>): StartRefused =>
  new StartRefused(
    `there is no Latchkey database at ${databasePath}; start the server first, or make one with: latchkey migrate`,
  )

type FirstStart = Pick<OpenOptions, 'config' | 'actor' | 'log'> & {
  kek: Uint8Array
  now: number
  audit: Audit
}

/**
 * Makes the first keys and the first administrator. If several processes start at once, one succeeds, and only its
 * credentials reach the file. It makes no administrator if it cannot write them; `latchkey admin create` then does.
 */
const firstStart = async (store: Store, start: FirstStart): Promise<void> => {
  const { config, kek, log } = start
  const keys = await firstKeys(config.algorithms, kek)
  try {
    await firstStartWith(keys, store, start)
  } catch (error) {
    if (!(error instanceof CredentialsUnwritable)) throw error
    log.warn(
      { reason: error.message },
      'no administrator was made; make one with: latchkey admin create',
    )
    await firstStartWith(keys, store, { ...start, withoutAdministrator: true })
  }
}

type Keys = Awaited<ReturnType<typeof firstKeys>>

const firstStartWith = async (
  keys: Keys,
  store: Store,
  { config, now, audit, actor, withoutAdministrator }: FirstStart & { withoutAdministrator?: true },
): Promise<void> => {
  const clientId = newClientId(randomBytes)
  const secret = newClientSecret(randomBytes, { name: 'first start' })
  const administrator = { ...newAdministrator(clientId, 'Administrator'), secret: secret.row }
  const credentials = { issuer: config.issuer, client_id: clientId, client_secret: secret.text }
  const done = withoutAdministrator
    ? await store.bootstrap(firstSeed(keys, null, randomBytes), now, () => {})
    : await store.bootstrap(firstSeed(keys, administrator, randomBytes), now, () =>
        writeCredentials(config.keysDirectory, credentials),
      )
  if (!done) return
  const target = withoutAdministrator ? null : clientId
  await audit.write({ actor, action: 'server.first_start', target, outcome: 'success' })
}

/** File of the administrator's first credentials, in the keys folder. */
const CREDENTIALS = 'admin.json'

/** Keys folder that is read-only, belongs to another user, is a file, or has other files. */
class CredentialsUnwritable extends StartRefused {}

/** Transient errors: the next start writes the credentials. */
const PASSING = /^(ENOSPC|EDQUOT|EIO|EMFILE|ENFILE|ENOMEM)$/

const writeCredentials = (directory: string, credentials: Record<string, string>): void => {
  const path = join(directory, CREDENTIALS)
  try {
    ensureSecretDirectory(directory)
    replaceSecretFile(path, `${JSON.stringify(credentials, null, 2)}\n`)
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code)
    const message =
      error instanceof StartRefused
        ? error.message
        : `cannot write the administrator's credentials to ${path}: ${code}`
    throw PASSING.test(code) ? new StartRefused(message) : new CredentialsUnwritable(message)
  }
}
