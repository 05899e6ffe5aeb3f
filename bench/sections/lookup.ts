// Memory and lookup time of a follower with a million rules for single tokens, loaded as from an issuer. A plain Set
// of the same ids and a Map with their expiry are measured in the same process, which needs --expose-gc.
import { ok } from 'node:assert/strict'
import { generateKeyPairSync, randomFillSync, sign } from 'node:crypto'
import { fetchKeys } from '../../src/verifier/keys/jwks.ts'
import { createKeySource } from '../../src/verifier/keys/key-source.ts'
import { createListClient } from '../../src/verifier/revocation/list-client.ts'
import { createListState } from '../../src/verifier/revocation/list-state.ts'
import type { RevocableToken } from '../../src/verifier/revocation/revocable-token.ts'
import { createGetBytes } from '../../src/verifier/net/get-bytes.ts'
import type { Run, Target } from '../result.ts'
import { median } from '../support/statistics.ts'

const PAGE = 5_000
const MAX_MEGABYTES = 120
const MAX_NANOSECONDS = 1_000
const BATCH = 500

/** Rules, and look-ups of each kind. */
type Size = { rules: number; lookups: number }

const issuer = 'https://issuer.test'
const uri = `${issuer}/oauth/revocations`
const kid = 'k'
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const now = Math.floor(Date.now() / 1000)
const exp = now + 3600

/** Random bytes, as in an issuer's ids. The callers make a new string on each call, so that none is shared. */
const createIds = (rules: number): ((index: number) => string) => {
  const random = randomFillSync(Buffer.alloc(2 * rules * 16))
  return (index) => {
    const at = (index % (2 * rules)) * 16
    return random.toString('base64url', at, at + 16)
  }
}

type Ids = ReturnType<typeof createIds>

const cursorOf = (seq: number): string => `e.${String(seq).padStart(16, '0')}`
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const pageAfter = (seq: number, { rules, idOf }: { rules: number; idOf: Ids }): string => {
  const entries = Array.from({ length: Math.min(PAGE, rules - seq) }, (_, i) => ({
    seq: seq + i + 1,
    kind: 'jti',
    value: idOf(seq + i),
    exp,
  }))
  const last = seq + entries.length
  const claims = {
    iss: uri,
    aud: uri,
    iat: now,
    exp: now + 120,
    epoch: 'e',
    cursor: cursorOf(last),
    full: seq === 0,
    more: last < rules,
    entries,
  }
  const input = `${encode({ alg: 'RS256', typ: 'revocations+jwt', kid })}.${encode(claims)}`
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`
}

const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }] }
const createFetch =
  (of: { rules: number; idOf: Ids }) =>
  (url: string): Promise<Response> => {
    if (!url.startsWith(uri)) return Promise.resolve(Response.json(jwks))
    const after = new URL(url).searchParams.get('after')
    return Promise.resolve(new Response(pageAfter(Number(after?.slice(2) ?? 0), of)))
  }

/** Runs a follower's steps in its order: request, signature, acceptance, rules. @returns its list */
const load = async (fetch: ReturnType<typeof createFetch>) => {
  const time = { clock: Date.now, monotonic: () => performance.now() }
  const keys = createKeySource({
    load: () => fetchKeys(`${issuer}/keys`, { fetch, algorithms: ['RS256'] }),
    monotonic: time.monotonic,
    maxStaleMs: 0,
  })
  const maxStaleness = 300
  const state = createListState({ ...time, maxStaleness, onKeyRevoked: () => {} })
  const client = createListClient({
    uri,
    location: uri,
    keys,
    state,
    maxStaleness,
    get: createGetBytes(fetch),
  })
  while ((await client.step({ hold: false })).more);
  return state
}

const collect = async (): Promise<void> => {
  ok(globalThis.gc, 'run with --expose-gc')
  for (let i = 0; i < 4; i++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Heap and external memory after a garbage collection, in megabytes. */
const memory = async (): Promise<number> => {
  await collect()
  const { heapUsed, external } = process.memoryUsage() // arrayBuffers is a part of external
  return (heapUsed + external) / 1e6
}

const CLIENT = { value: 'lkc_7hQm0c8wJ9f2S4tXb1YzKg', gen: 1 }
const WORKSPACE = {
  value: '37a8eec1ce19687d132fe29051dca629d164e2c4958ba141d5f4133a33f0688f',
  gen: 1,
}

/** Looks a token up by the values that a follower computes when it first verifies the token. */
type Has = (of: RevocableToken) => boolean

/** @returns nanoseconds per hit and per miss: the median of batches too short to be interrupted often */
const measure = (has: Has, { rules, lookups, idOf }: Size & { idOf: Ids }) => {
  /** Makes the ids just before their lookup, as with a token: the engine has not hashed these new strings yet. */
  const batchFrom = (from: number, first: number): RevocableToken[] =>
    Array.from({ length: BATCH }, (_, i) => {
      const jti = idOf(first + (((from + i) * 7_919) % rules))
      // Object literal, as in the verifier: the properties of a spread object are slower to read.
      return { kid, jti, client: CLIENT, plugin: null, workspaces: [WORKSPACE], runs: [] }
    })
  const time = (first: number, expected: number): number => {
    const times: number[] = []
    for (let from = 0; from < lookups; from += BATCH) {
      const batch = batchFrom(from, first)
      let found = 0
      const startedAt = performance.now()
      for (const subject of batch) if (has(subject)) found++
      times.push(((performance.now() - startedAt) * 1e6) / BATCH)
      ok(found === expected)
    }
    return median(times.slice(times.length / 4)) // the first quarter warms up
  }
  return { hit: time(0, BATCH), miss: time(rules, 0) }
}

const FOLLOWER = 'the follower'

/** The follower receives all values of a token, so that the whole lookup is measured. */
const contestantsOf = (rules: number, idOf: Ids): Record<string, () => Promise<Has>> => ({
  [FOLLOWER]: async () => {
    const state = await load(createFetch({ rules, idOf }))
    ok(state.copy()?.rules.counts().jti === rules)
    return (token) => (state.copy()?.rules.match(token) ?? null) !== null
  },
  'a Set of strings': async () => {
    const set = new Set<string>()
    for (let i = 0; i < rules; i++) set.add(idOf(i))
    return ({ jti }) => set.has(jti)
  },
  'a Map from strings to expiry': async () => {
    const map = new Map<string, number>()
    for (let i = 0; i < rules; i++) map.set(idOf(i), exp)
    return ({ jti }) => map.has(jti)
  },
})

export const run: Run = async ({ quick }) => {
  const size: Size = quick
    ? { rules: 20_000, lookups: 20_000 }
    : { rules: 1_000_000, lookups: 600_000 }
  const idOf = createIds(size.rules)
  await collect()
  const rows: string[][] = []
  const targets: Target[] = []
  const kept: Has[] = []
  for (const [name, create] of Object.entries(contestantsOf(size.rules, idOf))) {
    const before = await memory()
    const has = await create()
    kept.push(has) // a contestant freed meanwhile would lower the next one's figure
    const megabytes = (await memory()) - before
    const { hit, miss } = measure(has, { ...size, idOf })
    rows.push([name, megabytes.toFixed(1), hit.toFixed(0), miss.toFixed(0)])
    if (name !== FOLLOWER) continue
    targets.push(
      { text: 'Memory of the follower', value: megabytes, unit: 'MB', most: MAX_MEGABYTES },
      { text: 'Look-up, revoked', value: hit, unit: 'ns', most: MAX_NANOSECONDS },
      { text: 'Look-up, not revoked', value: miss, unit: 'ns', most: MAX_NANOSECONDS },
    )
  }
  const title = `${size.rules.toLocaleString('en')} rules; medians of batches of ${BATCH} look-ups`
  const columns = ['', 'MB', 'ns, revoked', 'ns, not revoked']
  return { tables: [{ title, columns, rows }], targets, notes: [] }
}
