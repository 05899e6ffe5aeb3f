// Checks of the issuer's address, as a client sees it: the metadata, the clock, the keys.
import { MAX_CLOCK_TOLERANCE_SECONDS, MAX_ISSUER_ANSWER_BYTES } from '../../constants.ts'
import { nowSeconds } from '../../clock.ts'
import { publishedKeys } from '../../signing/keyring.ts'
import { plural } from '../../text/plural.ts'
import { type Finding, type Patient, failed, ok } from './check.ts'

const METADATA = '/.well-known/oauth-authorization-server'
const JWKS = '/.well-known/jwks.json'

export const address = async (patient: Patient): Promise<readonly Finding[]> => {
  const { issuer } = patient.config()
  const { issuer: named } = (await readJson(patient, METADATA)).value
  if (named === issuer) return [ok(`${issuer} answers with its metadata`)]
  return [
    failed(
      `${issuer}${METADATA} names another issuer: ${String(named)}`,
      'set LATCHKEY_ISSUER of the server to the address that clients use',
    ),
  ]
}

/** Compares the clock of this machine with the `Date` (RFC 9110 §6.6.1) of the issuer, which a proxy may have set. */
export const issuerClock = async (patient: Patient): Promise<readonly Finding[]> => {
  const { date } = await readJson(patient, METADATA)
  if (date === null) return [ok('the answer has no Date')]
  const apart = Math.round((patient.clock() - date) / 1000)
  if (Math.abs(apart) <= MAX_CLOCK_TOLERANCE_SECONDS) return [ok('agrees with this machine')]
  return [
    failed(
      `this machine is ${Math.abs(apart)} s ${apart > 0 ? 'ahead of' : 'behind'} the issuer`,
      'keep the clocks of both machines with NTP',
    ),
  ]
}

/** Requires that the address publishes the keys of this database, and no others. */
export const publishedKeySet = async (patient: Patient): Promise<readonly Finding[]> => {
  const now = nowSeconds(patient)
  const stored = publishedKeys(await (await patient.store()).listKeys(), now).map(({ kid }) => kid)
  const { keys } = (await readJson(patient, JWKS)).value
  const published = Array.isArray(keys)
    ? keys.map((key: { kid?: unknown }) => String(key?.kid))
    : []
  const missing = stored.filter((kid) => !published.includes(kid))
  const foreign = published.filter((kid) => !stored.includes(kid))
  if (missing.length === 0 && foreign.length === 0) {
    return [ok(`the JWKS has the ${plural(stored.length, 'key')} of the database`)]
  }
  return [
    failed(
      `the JWKS lacks ${plural(missing.length, 'key')} of the database, and has ${plural(foreign.length, 'other')}`,
      'check that the server uses this database, and that no cache before it keeps an old JWKS',
    ),
  ]
}

const readJson = async (
  { get }: Pick<Patient, 'get'>,
  path: string,
): Promise<{ value: Record<string, unknown>; date: number | null }> => {
  const { status, date, text } = await get(path)
  if (status !== 200) throw new Error(`${path} answers ${status}`)
  if (text === null) throw new Error(`${path} is longer than ${MAX_ISSUER_ANSWER_BYTES} bytes`)
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new Error(`${path} is no JSON object`)
  return { value: value as Record<string, unknown>, date }
}
