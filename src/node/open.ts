// Opens the database for whatever runs on Node, and makes a first start of it where it is empty.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Audit, createAudit } from '../audit.ts'
import type { Config } from '../config.ts'
import { StartRefused } from '../errors.ts'
import type { Log } from '../log.ts'
import { newClientId, newClientSecret } from '../secret.ts'
import { firstKeys, provisionKeys } from '../signing/provision.ts'
import { type Signer, createSigner } from '../signing/signer.ts'
import { openBetterSqlite3Store } from '../store/better-sqlite3.ts'
import { requireDriver } from '../store/driver.ts'
import { firstSeed, newAdministrator } from '../store/seed.ts'
import type { Store } from '../store/store.ts'
import { keepDirectoryPrivate, keepFilePrivate } from './file-modes.ts'
import { OWN_FILES, ensureSecretDirectory, replaceSecretFile } from './files.ts'
import { loadKek } from './key-encryption-key.ts'
import { ledgerPath } from './ledger-writer.ts'

export type Opened = { store: Store; signer: Signer; kek: Uint8Array; audit: Audit }

type OpenOptions = {
  config: Pick<
    Config,
    'databasePath' | 'keysDirectory' | 'kek' | 'kekFile' | 'algorithms' | 'issuer'
  >
  /** Milliseconds since the epoch. */
  clock: () => number
  log: Log
  /** Who opens it, for the audit: `server`, `cli:USER`. */
  actor: string
  /** Whether to make a database where there is none: not in whichever folder a command is typed. */
  create: boolean
}

/** @throws StartRefused with one line for the operator */
export const openLatchkey = async (options: OpenOptions): Promise<Opened> => {
  const { config, clock, log, actor, create } = options
  requireDriver()
  if (!create) requireDatabase(config)
  keepFilesPrivate(config, log)
  const store = openBetterSqlite3Store(config.databasePath)
  const audit = createAudit({ store, clock })
  try {
    const now = Math.floor(clock() / 1000)
    const initialized = await store.isInitialized()
    if (!create && !initialized) throw noDatabase(config)
    const kek = loadKek(config, initialized)
    if (!initialized) await firstStart(store, { config, kek, now, audit, actor })
    await provisionKeys({ store, algorithms: config.algorithms, kek, now, audit, log, actor })
    return { store, kek, audit, signer: createSigner({ store, kek, clock }) }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** SQLite's names beside a database; the last one is a ledger that was moved aside. */
const DATABASE_FILE = /^(-wal|-shm|-journal|\.unusable-.*)?$/

/**
 * Repairs the modes of files that were there before. The log names each.
 * @throws StartRefused where another user owns one, or it cannot be changed
 */
const keepFilesPrivate = (
  config: Pick<Config, 'databasePath' | 'keysDirectory'>,
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
  keepFilePrivate(join(config.keysDirectory, 'admin.json'), { log })
  keepDatabasePrivate(config.databasePath, log)
  try {
    keepDatabasePrivate(ledgerPath(config), log)
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error
    log.error({ reason: error.message }, 'the ledger is open to other users') // and never needed to issue or revoke
  }
}

const keepDatabasePrivate = (path: string, log: Log): void => {
  for (const suffix of ['', '-wal', '-shm']) keepFilePrivate(`${path}${suffix}`, { log })
}

/** @throws StartRefused where there is no file, before anything is made in its place */
const requireDatabase = (config: Pick<Config, 'databasePath'>): void => {
  if (!existsSync(config.databasePath)) throw noDatabase(config)
}

const noDatabase = ({ databasePath }: Pick<Config, 'databasePath'>): StartRefused =>
  new StartRefused(
    `there is no Latchkey database at ${databasePath}; start the server first, or make one with: latchkey migrate`,
  )

type FirstStart = Pick<OpenOptions, 'config' | 'actor'> & {
  kek: Uint8Array
  now: number
  audit: Audit
}

/** Of several processes that start at once one does it, and only its credentials reach the file. */
const firstStart = async (
  store: Store,
  { config, kek, now, audit, actor }: FirstStart,
): Promise<void> => {
  const keys = await firstKeys(config.algorithms, kek)
  const clientId = newClientId(randomBytes)
  const secret = newClientSecret(randomBytes, { name: 'first start' })
  const administrator = { ...newAdministrator(clientId, 'Administrator'), secret: secret.row }
  const credentials = { issuer: config.issuer, client_id: clientId, client_secret: secret.text }
  const done = await store.bootstrap(firstSeed(keys, administrator, randomBytes), now, () =>
    writeCredentials(config.keysDirectory, credentials),
  )
  if (!done) return
  await audit.write({ actor, action: 'server.first_start', target: clientId, outcome: 'success' })
}

const writeCredentials = (directory: string, credentials: Record<string, string>): void => {
  const path = join(directory, 'admin.json')
  try {
    ensureSecretDirectory(directory)
    replaceSecretFile(path, `${JSON.stringify(credentials, null, 2)}\n`)
  } catch (error) {
    if (error instanceof StartRefused) throw error
    const code = (error as NodeJS.ErrnoException).code
    throw new StartRefused(`cannot write the administrator's credentials to ${path}: ${code}`)
  }
}
