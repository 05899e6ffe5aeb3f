// The verifier beside other libraries: same tokens, same process, short rounds in turn, one call after another. Each
// library receives algorithm, issuer and audience, and type, required claims and scope where it has an option.
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
import { createVerifier } from '../src/verifier/index.ts'
import { createTestIssuer } from '../src/verifier/testing/issuer.ts'

const short = process.argv.includes('--short')
const ROUNDS = short ? 3 : 21
const NEW_TOKENS = short ? 50 : 250
const REMEMBERED_TOKENS = short ? 500 : 10_000
/** Calls in a round: of a verifier with a cache, and of one that verifies the signature each time. */
const [QUICK_CALLS, SLOW_CALLS] = short ? [1_000, 30] : [5_000, 150]
/** Step that shares no factor with the number of tokens, so that each round visits all in another order. */
const STRIDE = 7_919

type Verify = (token: string) => unknown
type Contestant = { name: string; remembers?: true; create: () => Verify }
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

const createOurs = (): Verify => {
  const options = { revocations: 'none', maxRemembered: REMEMBERED_TOKENS } as const
  const verifier = createVerifier({ ...origin, ...options, fetch: test.fetch })
  const required = { permission: 'hook:govern', plugin: 'slack-sync' }
  return async (token) => (await verifier.verify(token, required)).claims
}

const createJose = (keys: Parameters<typeof jwtVerify>[1]): Verify => {
  return async (token) => (await jwtVerify(token, keys, joseOptions)).payload
}

const createFast = (cache: number | false): Verify => {
  const expected = { allowedIss: test.issuer, allowedAud: 'hook', checkTyp: 'at+jwt' }
  const options = { algorithms, requiredClaims, clockTolerance: 5_000, cache }
  return createFastJwt({ key: pem, ...expected, ...options })
}

const createAws = (): Verify => {
  const verifier = JwtVerifier.create({ ...origin, scope: 'hook:govern', graceSeconds: 5 })
  verifier.cacheJwks({ keys: [{ ...jwk, kty: 'RSA' }] })
  return (token) => verifier.verifySync(token)
}

const CONTESTANTS: Contestant[] = [
  { name: 'ours', remembers: true, create: createOurs },
  { name: 'jose, key set', create: () => createJose(createLocalJWKSet(test.jwks)) },
  { name: 'jose, one key', create: () => createJose(key) },
  { name: 'fast-jwt', create: () => createFast(false) },
  { name: 'fast-jwt, cache', remembers: true, create: () => createFast(REMEMBERED_TOKENS) },
  { name: 'aws-jwt-verify', create: createAws },
]

const createEntry = async (): Promise<Entry> => {
  const token = await test.token(claims)
  return { token, jti: decodeJwt(token).jti }
}

/** Makes a verifier that has its keys, refuses another audience, and has cached the tokens unless `recreated`. */
const prepare = async ({ name, remembers, create }: Contestant, of: Case): Promise<Verify> => {
  const verify = create()
  await rejects(async () => verify(foreign), `${name} takes a token for another audience`)
  const known = of.recreated ? [] : of.entries.slice(0, remembers ? undefined : 1)
  for (const { token } of known) await verify(token)
  return verify
}

const pick = ({ remembers }: Contestant, of: Case, round: number): Entry[] => {
  const { entries, recreated, sameString } = of
  const calls = remembers ? QUICK_CALLS : SLOW_CALLS
  return Array.from({ length: recreated ? entries.length : calls }, (_, i) => {
    const entry = entries[((round * calls + i) * STRIDE) % entries.length]!
    return sameString ? entry : { ...entry, token: Buffer.from(entry.token).toString() }
  })
}

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
const measure = async (of: Case): Promise<number[][]> => {
  const times = CONTESTANTS.map((): number[] => [])
  const kept: Verify[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, contestant] of CONTESTANTS.entries()) {
      const verify = (kept[i] = (!of.recreated && kept[i]) || (await prepare(contestant, of)))
      times[i]?.push(await time(verify, pick(contestant, of, round)))
    }
  }
  return times.map((micros) => micros.slice(1))
}

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? NaN

/** Prints ratios that are computed for each round, so that other load on the machine affects both. */
const report = (title: string, times: number[][]): void => {
  console.log(`\n${title.padEnd(44)}µs per call    to ours`)
  for (const [i, micros] of times.entries()) {
    const ratio = median(micros.map((value, round) => value / (times[0]?.[round] ?? NaN)))
    const columns = [median(micros), ratio].map((value) => value.toFixed(2).padStart(11))
    console.log(`${CONTESTANTS[i]?.name.padEnd(44)}${columns.join('')}`)
  }
}

const entries = await Promise.all(Array.from({ length: REMEMBERED_TOKENS }, createEntry))
const CASES: Case[] = [
  { title: 'a token never seen', entries: entries.slice(0, NEW_TOKENS), recreated: true },
  { title: 'one token remembered', entries: entries.slice(0, 1), sameString: true },
  { title: `${REMEMBERED_TOKENS} remembered, a new string each`, entries },
]
for (const of of CASES) report(of.title, await measure(of))
