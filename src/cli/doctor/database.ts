// Checks of the database: its schema, the signing keys, the clock that the server keeps in it.
import { CLOCK_APART_SECONDS } from '../../constants.ts'
import { nowSeconds } from '../../clock.ts'
import { loadKek } from '../../node/files/key-encryption-key.ts'
import { pairs } from '../../signing/keyring.ts'
import { unwrap } from '../../signing/wrapping.ts'
import { plural } from '../../text/plural.ts'
import { type Finding, type Patient, failed, ok, warning } from './check.ts'

export const schema = async (patient: Patient): Promise<readonly Finding[]> => {
  const { databasePath } = patient.config()
  const pending = await patient.pendingMigrations()
  if (pending.length === 0) return [ok(`${databasePath} has the schema of this version`)]
  return [
    warning(
      `${databasePath} lacks ${plural(pending.length, 'migration')}: ${pending.join(', ')}`,
      'back up the database, then run: latchkey migrate',
    ),
  ]
}

/** @throws WrongKeyEncryptionKey */
export const signingKeys = async (patient: Patient): Promise<readonly Finding[]> => {
  const config = patient.config()
  const keys = await (await patient.store()).listKeys()
  const kek = loadKek(config, true)
  for (const { privateJwe, kid } of keys) {
    if (privateJwe !== null) await unwrap(privateJwe, kid, kek)
  }
  const complete = pairs(keys, config.algorithms).map(({ active }) => active.algorithm)
  const missing = config.algorithms.filter((algorithm) => !complete.includes(algorithm))
  if (missing.length === 0) return [ok(`each of ${config.algorithms.join(', ')} has two keys`)]
  return [
    warning(
      `${missing.join(', ')} lacks an active or a next key`,
      'start the server, which creates it',
    ),
  ]
}

/** Compares the wall clock with the time that the server has recorded. */
export const clock = async (patient: Patient): Promise<readonly Finding[]> => {
  const now = nowSeconds(patient)
  const store = await patient.store()
  const { settledAt, tickedAt } = await store.findClock(now)
  const newest = { filter: {}, after: null, limit: 1, newestFirst: true }
  const [event] = (await store.listAuditEvents(newest)).rows
  const recorded = Math.max(settledAt, event?.createdAt ?? 0)
  if (recorded - now > CLOCK_APART_SECONDS) {
    return [
      failed(
        `the clock is ${recorded - now} s behind the time that the server has recorded`,
        'set the clock, and keep it with NTP: expired tokens and secrets may be accepted again',
      ),
    ]
  }
  const ahead = tickedAt - settledAt
  if (ahead > CLOCK_APART_SECONDS) {
    return [
      warning(
        `the clock is ${ahead} s ahead of the time that the server has run`,
        'set the clock if it is wrong; after an outage nothing is to be done',
      ),
    ]
  }
  return [ok('agrees with the time that the server has recorded')]
}
