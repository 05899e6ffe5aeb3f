// Checks of every start: the private keys can be decrypted, and each algorithm has an active and a next key.
import { type Audit, audited } from '../audit/record.ts'
import { StartRefused } from '../errors.ts'
import type { Log } from '../log.ts'
import type { KeyCandidate, Store } from '../store/store.ts'
import type { Algorithm } from './algorithms.ts'
import { missingKeys } from './keyring.ts'
import { WrongKeyEncryptionKey, newKey, unwrap } from './wrapping.ts'

type Provision = {
  store: Pick<Store, 'listKeys' | 'listAudiences' | 'addKeys'>
  algorithms: readonly Algorithm[]
  kek: Uint8Array
  /** Seconds since the epoch. */
  now: number
  audit: Pick<Audit, 'write'>
  log: Log
  /** The actor of the audit event: `server`, `cli:USER`. */
  actor: string
}

/** Makes the keys of an empty database. */
export const firstKeys = (algorithms: readonly Algorithm[], kek: Uint8Array) =>
  makeKeys(missingKeys([], algorithms), kek)

export const makeKeys = (places: readonly Algorithm[], kek: Uint8Array): Promise<KeyCandidate[]> =>
  Promise.all(places.map((algorithm) => newKey(algorithm, kek)))

/** @throws StartRefused where a key cannot be decrypted, or an audience has an algorithm that is not configured */
export const provisionKeys = async (provision: Provision): Promise<void> => {
  const { store, algorithms, kek, now, actor } = provision
  await checkKeys(provision)
  const stranded = (await store.listAudiences()).find((a) => !algorithms.includes(a.algorithm))
  if (stranded) {
    throw new StartRefused(
      `the audience ${stranded.id} signs with ${stranded.algorithm}, which LATCHKEY_ALGORITHMS does not list`,
    )
  }
  const places = missingKeys(await store.listKeys(), algorithms)
  if (places.length === 0) return
  await audited(provision, { actor, action: 'key.create', target: null }, async () =>
    store.addKeys(await makeKeys(places, kek), now),
  )
}

/** Decrypts every private key, so that a wrong key-encryption key stops the start and not the first signature. */
const checkKeys = async ({ store, kek }: Provision): Promise<void> => {
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
