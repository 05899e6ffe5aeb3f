// The token endpoint beside a bare server that only authenticates and signs (bare-server.ts): same key size, same
// claims, same load, in turns, so that what else the machine does disturbs both. `--guard` is short and fails
// where the endpoint falls behind.
import { type JWTPayload, createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { CONNECTIONS, type Answer, type Target, load, requestToken } from './load.ts'
import { type Credentials, type Running, startBareServer, startLatchkey } from './servers.ts'

/** The least that the endpoint may have of the bare server's requests per second. */
const LEAST_RATIO = 0.6

const guard = process.argv.includes('--guard')
const PAIRS = guard ? 7 : 15
const ROUND_MS = guard ? 900 : 1_500
const WARM_UP_MS = guard ? 1_500 : 3_000
/** Bounds the memory: answers are kept until their round has been checked. */
const MAX_REQUESTS = 20_000
/** Of every so many answers one is verified. */
const VERIFIED_EVERY = 20

type Contestant = Target & {
  claims: JWTPayload
  keys: ReturnType<typeof createLocalJWKSet>
}

type Round = { perSecond: number; p50: number; p99: number }

const contestant = async (running: Running, { clientId, secret }: Credentials) => {
  const basic = Buffer.from(`${clientId}:${secret}`).toString('base64')
  const target = { port: running.port, authorization: `Basic ${basic}` }
  const claims = decodeJwt(tokenOf(await requestToken(target)))
  return { ...target, claims, keys: createLocalJWKSet(running.jwks) }
}

const tokenOf = ({ status, type, text }: Answer): string => {
  if (status !== 200 || !type?.startsWith('application/json')) {
    throw new Error(`the answer was ${status} ${type}: ${text.slice(0, 300)}`)
  }
  const { access_token: token, token_type: tokenType } = JSON.parse(text) as Record<string, unknown>
  const formed = typeof token === 'string' && /^[\w-]+\.[\w-]+\.[\w-]{342}$/.test(token)
  if (!formed || tokenType !== 'Bearer') throw new Error(`no token in ${text.slice(0, 300)}`)
  return token
}

/** Every answer is a token of its own for this client, and every so many is verified. */
const check = async (answers: Answer[], { claims, keys }: Contestant): Promise<void> => {
  const tokens = answers.map(tokenOf)
  const payloads = tokens.map((token) => decodeJwt(token))
  const foreign = payloads.find(
    ({ sub, aud, exp }) => sub !== claims.sub || aud !== claims.aud || !exp,
  )
  if (foreign) throw new Error(`not the token that was asked for: ${JSON.stringify(foreign)}`)
  if (new Set(payloads.map(({ jti }) => jti)).size !== tokens.length)
    throw new Error('a jti repeats')
  const sample = tokens.filter((_, i) => i % VERIFIED_EVERY === 0)
  await Promise.all(sample.map((token) => jwtVerify(token, keys, { typ: 'at+jwt' })))
}

const round = async (target: Contestant, ms: number): Promise<Round> => {
  const { answers, seconds } = await load(target, { ms, maxRequests: MAX_REQUESTS })
  await check(answers, target)
  const latencies = answers.map((answer) => answer.ms)
  return {
    perSecond: answers.length / seconds,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  }
}

const quantile = (values: number[], q: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN
}

const median = (values: number[]): number => quantile(values, 0.5)

const summary = (name: string, rounds: Round[]) => ({
  server: name,
  'req/s': Math.round(median(rounds.map((r) => r.perSecond))),
  'p50 ms': median(rounds.map((r) => r.p50)).toFixed(1),
  'p99 ms': median(rounds.map((r) => r.p99)).toFixed(1),
})

const started = await startLatchkey()
const latchkey = await contestant(started, started)
const { iat: _iat, exp: _exp, jti: _jti, ...claims } = latchkey.claims
const bare = await contestant(await startBareServer({ ...started, claims }), started)

for (const target of [latchkey, bare]) await round(target, WARM_UP_MS)
const rounds: { latchkey: Round; bare: Round }[] = []
for (let i = 0; i < PAIRS; i++) {
  rounds.push({ latchkey: await round(latchkey, ROUND_MS), bare: await round(bare, ROUND_MS) })
}

const ratios = rounds.map((pair) => pair.latchkey.perSecond / pair.bare.perSecond)
const ratio = median(ratios)
console.log(`${PAIRS} pairs of rounds of ${ROUND_MS} ms, ${CONNECTIONS} connections; medians:`)
console.table([
  summary(
    'latchkey',
    rounds.map((pair) => pair.latchkey),
  ),
  summary(
    'bare',
    rounds.map((pair) => pair.bare),
  ),
])
console.log(`ratio ${ratio.toFixed(2)} (${ratios.map((r) => r.toFixed(2)).join(' ')})`)
if (guard && ratio < LEAST_RATIO) console.log(`too slow: the ratio must be at least ${LEAST_RATIO}`)
process.exit(guard && ratio < LEAST_RATIO ? 1 : 0)
