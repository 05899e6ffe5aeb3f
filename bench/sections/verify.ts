// The verifier beside other libraries: same tokens, same process, short rounds in turn, one call after another.
// Tokens that these libraries accept and this verifier refuses:
// - all libraries: a token for another plugin, and one without the permission (except aws-jwt-verify); an `aud` that is
//   a list; repeated members; `jwk`, `x5c` and the like in the header; `cnf`; `iat` in the future; a life over 24 h;
//   a second spelling of a token, where unused bits are not zero. No library checks revocation.
// - jose with one key, and fast-jwt: any `kid`.
// - fast-jwt with its cache: a cached token whose key was removed; it checks only `exp` and `nbf` again.
// - aws-jwt-verify: any `typ`; `crit`; a token without `exp`, `jti`, `client_id` or `sub`.
// jose verifies a signature on another thread: a call lasts longer, and the event loop stays free. So does this verifier
// for algorithms other than RS256, and on runtimes other than Node.
import { ok, rejects } from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { JwtVerifier } from 'aws-jwt-verify'
import { createVerifier as createFastJwt } from 'fast-jwt'
import { createLocalJWKSet, decodeJwt, importJWK, jwtVerify } from 'jose'
import { createVerifier } from '../../src/verifier/index.ts'
import { createTestIssuer } from '../../src/verifier/testing/issuer.ts'
import type { Run, SectionResult, Table } from '../result.ts'
import { versionOf } from '../support/environment.ts'
import { median, pairedRatio } from '../support/statistics.ts'

const REMEMBERED_TOKENS = 10_000
/** Twice the tokens: the cache of fast-jwt evicts none of them. */
const FAST_JWT_CACHE = 20_000
/** Step that shares no factor with the number of tokens, so that each round visits all in another order. */
const STRIDE = 7_919

/** `quick` calls in a round are of a verifier with a cache, `slow` ones verify the signature each time. */
export type Size = { rounds: number; unseen: number; quick: number; slow: number }

const sizeOf = (quick: boolean): Size =>
  quick
    ? { rounds: 3, unseen: 50, quick: 1_000, slow: 30 }
    : { rounds: 21, unseen: 250, quick: 5_000, slow: 150 }

type Verify = (token: string) => unknown
type Created = { verify: Verify; close?: () => void }
type Contestant = { name: string; remembers?: true; create: () => Promise<Created> | Created }
type Entry = { token: string; jti: unknown }
/** `recreated`: new verifiers in every round, so that no token is cached. `sameString`: V8 has hashed the string. */
type Case = { title: string; entries: Entry[]; recreated?: true; sameString?: true }

const test = await createTestIssuer()
const [jwk = {}] = test.jwks.keys
const key = await importJWK(jwk, 'RS256')
const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
const origin = { issuer: test.issuer, audience: 'hook' }
const algorithms = ['RS256' as const]
const requiredClaims = ['iss', 'sub', 'client_id', 'aud', 'exp', 'iat', 'jti']
const claims = { audience: 'hook', scope: 'hook:track hook:govern', pluginId: 'slack-sync' }
const foreign = await test.token({ ...claims, audience: 'other' })
const joseOptions = { ...origin, algorithms, requiredClaims, typ: 'at+jwt', clockTolerance: 5 }

/** Follows the revocation list, as an API does. */
const createOurs = async (): Promise<Created> => {
  const options = { maxRemembered: REMEMBERED_TOKENS, fetch: test.fetch }
  const verifier = createVerifier({ ...origin, ...options })
  await verifier.ready()
  const required = { permission: 'hook:govern', plugin: 'slack-sync' }
  return {
    verify: async (token) => (await verifier.verify(token, required)).claims,
    close: () => verifier.close(),
  }
}

const createJose = (keys: Parameters<typeof jwtVerify>[1]): Created => {
  return { verify: async (token) => (await jwtVerify(token, keys, joseOptions)).payload }
}

const createFast = (cache: number | false): Created => {
  const expected = { allowedIss: test.issuer, allowedAud: 'hook', checkTyp: 'at+jwt' }
  const options = { algorithms, requiredClaims, clockTolerance: 5_000, cache }
  return { verify: createFastJwt({ key: pem, ...expected, ...options }) }
}

const createAws = (): Created => {
  const verifier = JwtVerifier.create({ ...origin, scope: 'hook:govern', graceSeconds: 5 })
  verifier.cacheJwks({ keys: [{ ...jwk, kty: 'RSA' }] })
  return { verify: (token) => verifier.verifySync(token) }
}

const OURS: Contestant = { name: '@latchkey/verifier', remembers: true, create: createOurs }
const FAST: Contestant = { name: 'fast-jwt', create: () => createFast(false) }
const CACHED: Contestant = {
  name: 'fast-jwt, cache',
  remembers: true,
  create: () => createFast(FAST_JWT_CACHE),
}
const ALL: readonly Contestant[] = [
  OURS,
  FAST,
  CACHED,
  { name: 'aws-jwt-verify', create: createAws },
  { name: 'jose, one key', create: () => createJose(key) },
  { name: 'jose, key set', create: () => createJose(createLocalJWKSet(test.jwks)) },
]

const createEntry = async (): Promise<Entry> => {
  const token = await test.token(claims)
  return { token, jti: decodeJwt(token).jti }
}

const createEntries = (count: number): Promise<Entry[]> =>
  Promise.all(Array.from({ length: count }, createEntry))

/** Makes a verifier that has its keys, refuses another audience, and has cached the tokens unless `recreated`. */
const prepare = async ({ name, remembers, create }: Contestant, of: Case): Promise<Created> => {
  const created = await create()
  const { verify } = created
  await rejects(async () => verify(foreign), `${name} takes a token for another audience`)
  const known = of.recreated ? [] : of.entries.slice(0, remembers ? undefined : 1)
  for (const { token } of known) await verify(token)
  return created
}

const pick = (entries: Entry[], of: Case, { calls, round }: { calls: number; round: number }) =>
  Array.from({ length: of.recreated ? entries.length : calls }, (_, i): Entry => {
    const entry = entries[((round * calls + i) * STRIDE) % entries.length]!
    return of.sameString ? entry : { ...entry, token: Buffer.from(entry.token).toString() }
  })

/** @returns microseconds per call */
const time = async (verify: Verify, entries: Entry[]): Promise<number> => {
  const results: unknown[] = []
  const start = performance.now()
  for (const { token } of entries) {
    const result = verify(token)
    results.push(result instanceof Promise ? await result : result)
  }
  const micros = ((performance.now() - start) * 1_000) / entries.length
  ok(entries.every(({ jti }, i) => (results[i] as { jti?: unknown }).jti === jti))
  return micros
}

/** @returns the times of each contestant's rounds, except the first, which warms up */
const measure = async (
  contestants: readonly Contestant[],
  of: Case,
  size: Size,
): Promise<number[][]> => {
  const times = contestants.map((): number[] => [])
  const kept: Created[] = []
  for (let round = 0; round <= size.rounds; round++) {
    for (const [i, contestant] of contestants.entries()) {
      const created = kept[i] ?? (await prepare(contestant, of))
      const calls = contestant.remembers ? size.quick : size.slow
      times[i]?.push(await time(created.verify, pick(of.entries, of, { calls, round })))
      if (of.recreated) created.close?.()
      else kept[i] = created
    }
  }
  for (const { close } of kept) close?.()
  return times.map((micros) => micros.slice(1))
}

/** Time of an unseen token as a multiple of fast-jwt's without a cache, for the guard. */
export const unseenRatio = async (size: Size): Promise<number> => {
  const entries = await createEntries(size.unseen)
  const of: Case = { title: 'unseen', entries, recreated: true }
  const [ours = [], fast = []] = await measure([OURS, FAST], of, size)
  return pairedRatio(ours, fast)
}

const tableOf = (title: string, times: number[][]): Table => ({
  title,
  columns: ['', 'µs per call', 'times ours'],
  rows: ALL.map(({ name }, i) => {
    const micros = times[i] ?? []
    return [name, median(micros).toFixed(2), pairedRatio(micros, times[0] ?? []).toFixed(2)]
  }),
})

export const run: Run = async ({ quick }) => {
  const size = sizeOf(quick)
  const entries = await createEntries(REMEMBERED_TOKENS)
  const first = entries.slice(0, 1)
  const cases: Record<string, Case> = {
    unseen: {
      title: 'A token never seen',
      entries: entries.slice(0, size.unseen),
      recreated: true,
    },
    same: { title: 'One token remembered, the same string', entries: first, sameString: true },
    one: { title: 'One token remembered, a new string for each call', entries: first },
    many: { title: `${REMEMBERED_TOKENS} tokens remembered, a new string for each call`, entries },
  }
  const times: Record<string, number[][]> = {}
  for (const [name, of] of Object.entries(cases)) times[name] = await measure(ALL, of, size)
  return resultOf(cases, times)
}

const resultOf = (
  cases: Record<string, Case>,
  times: Record<string, number[][]>,
): SectionResult => {
  const of = (name: string, { name: contestant }: Contestant): number[] =>
    times[name]?.[ALL.findIndex((one) => one.name === contestant)] ?? []
  return {
    tables: Object.entries(cases).map(([name, { title }]) => tableOf(title, times[name] ?? [])),
    targets: [
      {
        text: 'A token never seen, of fast-jwt without a cache',
        value: pairedRatio(of('unseen', OURS), of('unseen', FAST)),
        unit: '×',
        most: 1.7,
      },
      { text: 'One token remembered', value: median(of('same', OURS)), unit: 'µs', most: 0.9 },
      { text: 'The same, a new string', value: median(of('one', OURS)), unit: 'µs', most: 1 },
      {
        text: `${REMEMBERED_TOKENS} remembered, of fast-jwt with a cache of ${FAST_JWT_CACHE}`,
        value: pairedRatio(of('many', OURS), of('many', CACHED)),
        unit: '×',
        most: 0.75,
      },
    ],
    notes: [],
    versions: Object.fromEntries(
      ['fast-jwt', 'aws-jwt-verify', 'jose'].map((name) => [name, versionOf(name)]),
    ),
  }
}
