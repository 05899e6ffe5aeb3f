// The token endpoint beside a bare server that only authenticates and signs (bare-server.ts): same key size, same
// claims, same load. They run in turns of short rounds, with a ratio for each pair of rounds, so that other load on the
// machine affects both. `--guard` is short and fails where the ratio of processor time is below LEAST_RATIO: a busy
// machine changes processor time less than requests per second.
import { type JWTPayload, createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { CONNECTIONS, type Answer, type Target, load, requestToken } from './load.ts'
import {
  type Credentials,
  type Running,
  processorMs,
  startBareServer,
  startLatchkey,
} from './servers.ts'

/**
 * Minimum of the bare server's processor time for a request, as a part of the endpoint's. Measured: 0.63 to 0.68, less
 * on a busier machine. It was 0.54 to 0.59 while the database planned the query of a login on every request, which cost
 * 15 % of the requests per second.
 */
const LEAST_RATIO = 0.6
/** Tries before the guard fails: a busy machine slows the larger server more, a slow server is slow in every try. */
const GUARD_TRIES = 3

const guard = process.argv.includes('--guard')
const PAIRS = guard ? 20 : 60
const ROUND_MS = 300
/** Compiling ends after some 5,000 requests: the endpoint then answers in half the time of the first requests. */
const WARM_UP_REQUESTS = 8_000
const WARM_UP_LIMIT_MS = 60_000
/** Bound on memory: the benchmark keeps the answers of a round until it has checked them. */
const MAX_REQUESTS = 20_000
/** Answers for each one whose token is verified. */
const VERIFIED_EVERY = 20

type Contestant = Target & {
  pid: number
  claims: JWTPayload
  keys: ReturnType<typeof createLocalJWKSet>
}
/** `processorMs` is the processor time of one request; NaN where the system does not report it. */
type Round = { perSecond: number; processorMs: number; latencies: number[] }
type Pair = { latchkey: Round; bare: Round }

const start = async (): Promise<{ latchkey: Contestant; bare: Contestant }> => {
  const running = await startLatchkey()
  const latchkey = await contestant(running, running)
  const { iat: _iat, exp: _exp, jti: _jti, ...claims } = latchkey.claims
  const bare = await contestant(await startBareServer({ ...running, claims }), running)
  for (const target of [latchkey, bare]) {
    await load(target, { ms: WARM_UP_LIMIT_MS, maxRequests: WARM_UP_REQUESTS })
  }
  return { latchkey, bare }
}

const contestant = async (
  { port, pid, jwks }: Running,
  { clientId, secret }: Credentials,
): Promise<Contestant> => {
  const basic = Buffer.from(`${clientId}:${secret}`).toString('base64')
  const target = { port, authorization: `Basic ${basic}` }
  const claims = decodeJwt(tokenOf(await requestToken(target)))
  return { ...target, pid, claims, keys: createLocalJWKSet(jwks) }
}

const round = async (target: Contestant, ms: number): Promise<Round> => {
  const before = processorMs(target.pid)
  const { answers, seconds } = await load(target, { ms, maxRequests: MAX_REQUESTS })
  const after = processorMs(target.pid)
  await check(answers, target)
  return {
    perSecond: answers.length / seconds,
    processorMs: (after - before) / answers.length,
    latencies: answers.map((answer) => answer.ms),
  }
}

/** Checks that each answer has a different token for this client, and verifies one in VERIFIED_EVERY. */
const check = async (answers: Answer[], { claims, keys }: Contestant): Promise<void> => {
  const tokens = answers.map(tokenOf)
  const payloads = tokens.map((token) => decodeJwt(token))
  const good = payloads.every(({ sub, aud }) => sub === claims.sub && aud === claims.aud)
  if (!good) throw new Error('a token is not the one that was asked for')
  const ids = new Set(payloads.map(({ jti }) => jti))
  if (ids.size !== tokens.length) throw new Error('two tokens have the same jti')
  const sample = tokens.filter((_, i) => i % VERIFIED_EVERY === 0)
  await Promise.all(sample.map((token) => jwtVerify(token, keys, { typ: 'at+jwt' })))
}

const tokenOf = ({ status, type, text }: Answer): string => {
  if (status !== 200 || !type?.startsWith('application/json')) {
    throw new Error(`the answer was ${status} ${type}: ${text.slice(0, 300)}`)
  }
  const { access_token: token, token_type: tokenType } = JSON.parse(text) as Record<string, unknown>
  const formed = typeof token === 'string' && /^[\w-]+\.[\w-]+\.[\w-]{342}$/.test(token)
  if (!formed || tokenType !== 'Bearer') throw new Error('an answer has no token')
  return token
}

const measure = async (latchkey: Contestant, bare: Contestant): Promise<Pair[]> => {
  const pairs: Pair[] = []
  while (pairs.length < PAIRS) {
    pairs.push({ latchkey: await round(latchkey, ROUND_MS), bare: await round(bare, ROUND_MS) })
  }
  return pairs
}

/** Prints the figures. @returns the median ratio of processor time, or else of requests per second */
const report = (pairs: Pair[]): number => {
  console.log(`${PAIRS} pairs of rounds of ${ROUND_MS} ms over ${CONNECTIONS} connections`)
  console.log('            req/s   p50 ms   p99 ms   cpu µs')
  for (const name of ['latchkey', 'bare'] as const) {
    const rounds = pairs.map((pair) => pair[name])
    const latencies = rounds.flatMap((r) => r.latencies)
    const perSecond = median(rounds.map((r) => r.perSecond)).toFixed(0)
    const [p50, p99] = [0.5, 0.99].map((q) => quantile(latencies, q).toFixed(1).padStart(9))
    const cpu = median(rounds.map((r) => r.processorMs * 1_000)).toFixed(0)
    console.log(`${name.padEnd(9)}${perSecond.padStart(8)}${p50}${p99}${cpu.padStart(9)}`)
  }
  const ofRequests = pairs.map(({ latchkey, bare }) => latchkey.perSecond / bare.perSecond)
  const ofTime = pairs.map(({ latchkey, bare }) => bare.processorMs / latchkey.processorMs)
  console.log(`ratio of requests per second ${quartiles(ofRequests)}`)
  console.log(`ratio of processor time ${quartiles(ofTime)}`)
  return median(ofTime.some(Number.isNaN) ? ofRequests : ofTime)
}

const quartiles = (values: number[]): string => {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((q) => quantile(values, q).toFixed(2))
  return `${middle} (quartiles ${low} to ${high})`
}

const median = (values: number[]): number => quantile(values, 0.5)

const quantile = (values: number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * q)] ?? NaN

const { latchkey, bare } = await start()
let ratio = report(await measure(latchkey, bare))
for (let tries = 1; guard && ratio < LEAST_RATIO && tries < GUARD_TRIES; tries++) {
  console.log(`below ${LEAST_RATIO}: once more`)
  ratio = report(await measure(latchkey, bare))
}
const failed = guard && ratio < LEAST_RATIO
if (failed)
  console.log(
    `the token endpoint is too slow: the bare server needs ${ratio.toFixed(2)} of its time`,
  )
process.exit(failed ? 1 : 0)
