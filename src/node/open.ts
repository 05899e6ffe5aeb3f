// Opens the database for whatever runs on Node, and makes a first start of it where it is empty.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { StartRefused } from '../errors.ts'
import { newClientId, newClientSecret } from '../secret.ts'
import { missingKeys } from '../signing/keyring.ts'
import { type Signer, createSigner } from '../signing/signer.ts'
import { WrongKeyEncryptionKey, newKey, unwrap } from '../signing/wrapping.ts'
import { openBetterSqlite3Store } from '../store/better-sqlite3.ts'
import { firstSeed, newAdministrator } from '../store/seed.ts'
import type { Store } from '../store/store.ts'
import { ensureSecretDirectory, replaceSecretFile } from './files.ts'
import { loadKek } from './key-encryption-key.ts'

export type Opened = { store: Store; signer: Signer; kek: Uint8Array }

type OpenConfig = Pick<
  Config,
  'databasePath' | 'keysDirectory' | 'kek' | 'kekFile' | 'algorithms' | 'issuer'
>

/**
 * @param clock milliseconds since the epoch
 * @throws StartRefused with one line for the operator
 */
export const openLatchkey = async (config: OpenConfig, clock: () => number): Promise<Opened> => {
  const store = openBetterSqlite3Store(config.databasePath)
  try {
    const now = Math.floor(clock() / 1000)
    const initialized = await store.isInitialized()
    const kek = loadKek(config, !initialized)
    if (!initialized) await firstStart(store, { config, kek, now })
    await checkKeys(store, kek)
    await addMissingKeys(store, { config, kek, now })
    return { store, kek, signer: createSigner({ store, kek }) }
  } catch (error) {
    await store.close()
    throw error
  }
}

type StartContext = { config: OpenConfig; kek: Uint8Array; now: number }

/** Of several processes that start at once one does it, and only its credentials reach the file. */
const firstStart = async (store: Store, { config, kek, now }: StartContext): Promise<void> => {
  const places = missingKeys([], config.algorithms)
  const keys = await Promise.all(places.map((algorithm) => newKey(algorithm, kek)))
  const clientId = newClientId(randomBytes)
  const secret = newClientSecret(randomBytes, { name: 'first start' })
  const administrator = { ...newAdministrator(clientId, 'Administrator'), secret: secret.row }
  const seed = firstSeed(keys, administrator)
  await store.bootstrap(seed, now, () => {
    const path = join(config.keysDirectory, 'admin.json')
    const credentials = {
      issuer: config.issuer,
      client_id: clientId,
      client_secret: secret.text,
    }
    try {
      ensureSecretDirectory(config.keysDirectory)
      replaceSecretFile(path, `${JSON.stringify(credentials, null, 2)}\n`)
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code
      throw new StartRefused(`cannot write the administrator's credentials to ${path}: ${code}`)
    }
  })
}

/** Every private key must open now, not at the first signature. */
const checkKeys = async (store: Store, kek: Uint8Array): Promise<void> => {
  try {
    for (const { privateJwe, kid } of await store.listKeys()) {
      if (privateJwe !== null) await unwrap(privateJwe, kid, kek)
    }
  } catch (error) {
    if (!(error instanceof WrongKeyEncryptionKey)) throw error
    throw new StartRefused(
      'the key-encryption key is not the one that encrypted the signing keys in the database',
    )
  }
}

const addMissingKeys = async (store: Store, { config, kek, now }: StartContext): Promise<void> => {
  const audiences = await store.listAudiences()
  const stranded = audiences.find(({ algorithm }) => !config.algorithms.includes(algorithm))
  if (stranded) {
    throw new StartRefused(
      `the audience ${stranded.id} signs with ${stranded.algorithm}, which LATCHKEY_ALGORITHMS does not list`,
    )
  }
  const places = missingKeys(await store.listKeys(), config.algorithms)
  if (places.length === 0) return
  await store.addKeys(await Promise.all(places.map((a) => newKey(a, kek))), now)
}
