// Cost of the ledger at the token endpoint: one server, tokens that name a run, the ledger on and off in turns. The
// ratio is computed for each pair of turns, so that other load on the machine affects both. `--guard` is short and
// fails where the ratio is below LEAST_RATIO.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { CONNECTIONS, type Answer, type Target, load } from './load.ts'

/** Minimum of requests per second with the ledger, as a part of the rate without it. */
const LEAST_RATIO = 0.97
/** Tries before the guard fails: a busy machine slows one state by chance, a slow ledger is slow in every try. */
const GUARD_TRIES = 3

const guard = process.argv.includes('--guard')
const PAIRS = guard ? 40 : 100
/** Length of a round, in which the ledger writes several batches. */
const ROUND_MS = 400
const WARM_UP_MS = guard ? 1_500 : 3_000
const MAX_REQUESTS = 20_000

type State = 'on' | 'off'
type Round = { perSecond: number; cpuMicroseconds: number }
type Pair = Record<State, Round>

const DETAILS = JSON.stringify([{ type: 'tool_run', identifier: 'run-20260131-7f3a' }])
const FORM = new URLSearchParams({
  grant_type: 'client_credentials',
  audience: 'hook',
  authorization_details: DETAILS,
}).toString()

const start = async (): Promise<{ server: ChildProcess; target: Target }> => {
  const script = fileURLToPath(new URL('./ledger-server.ts', import.meta.url))
  const threads = new URL('../scripts/tsx-in-threads.mjs', import.meta.url).href
  const server = fork(script, { execArgv: ['--import', 'tsx', '--import', threads] })
  process.once('exit', () => server.kill())
  server.once('exit', (code) => {
    console.log(`the server ended with ${code}`)
    process.exit(1)
  })
  const [said] = (await once(server, 'message')) as [Record<string, string>]
  const basic = Buffer.from(`${said['clientId']}:${said['secret']}`).toString('base64')
  const target = { port: Number(said['port']), authorization: `Basic ${basic}`, form: FORM }
  return { server, target }
}

const { server, target } = await start()

/** @returns the processor time of all threads of the server so far, in microseconds */
const told = async (what: State | 'flush'): Promise<number> => {
  const heard = once(server, 'message')
  server.send(what)
  return Number((await heard)[0])
}

const round = async (state: State, ms = ROUND_MS): Promise<Round> => {
  const before = await told(state)
  const start = performance.now()
  const { answers } = await load(target, { ms, maxRequests: MAX_REQUESTS })
  const after = await told('flush') // pending writes are a cost of this round
  const seconds = (performance.now() - start) / 1000
  answers.forEach(check)
  return {
    perSecond: answers.length / seconds,
    cpuMicroseconds: (after - before) / answers.length,
  }
}

const check = ({ status, text }: Answer): void => {
  const named = text.includes('"identifier":"run-20260131-7f3a"')
  if (status !== 200 || !named) throw new Error(`the answer was ${status}: ${text.slice(0, 300)}`)
}

/** Alternates which state comes first in a pair. */
const measure = async (): Promise<Pair[]> => {
  const pairs: Pair[] = []
  while (pairs.length < PAIRS) {
    const order: State[] = pairs.length % 2 === 0 ? ['on', 'off'] : ['off', 'on']
    const rounds: Partial<Pair> = {}
    for (const state of order) rounds[state] = await round(state)
    pairs.push(rounds as Pair)
  }
  return pairs
}

/** Prints the figures. @returns the median ratio */
const report = (pairs: Pair[]): number => {
  const ratios = pairs.map(({ on, off }) => on.perSecond / off.perSecond)
  const [low, ratio, high] = [0.25, 0.5, 0.75].map((q) => quantile(ratios, q).toFixed(3))
  console.log(`${PAIRS} pairs of rounds of ${ROUND_MS} ms over ${CONNECTIONS} connections`)
  console.log('                tokens/s   CPU a token')
  for (const state of ['off', 'on'] as const) {
    const rounds = pairs.map((pair) => pair[state])
    const rate = middle(rounds.map(({ perSecond }) => perSecond)).toFixed(0)
    const cpu = middle(rounds.map(({ cpuMicroseconds }) => cpuMicroseconds)).toFixed(0)
    console.log(`ledger ${state.padEnd(9)}${rate.padStart(8)}${`${cpu} µs`.padStart(14)}`)
  }
  console.log(`ratio ${ratio} (quartiles ${low} to ${high})`)
  return quantile(ratios, 0.5)
}

const middle = (values: number[]): number => quantile(values, 0.5)

const quantile = (values: number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * q)] ?? NaN

await round('on', WARM_UP_MS)
await round('off', WARM_UP_MS)
let ratio = report(await measure())
for (let tries = 1; guard && ratio < LEAST_RATIO && tries < GUARD_TRIES; tries++) {
  console.log(`below ${LEAST_RATIO}: once more`)
  ratio = report(await measure())
}
const failed = guard && ratio < LEAST_RATIO
if (failed) console.log(`the ledger takes too much: below ${LEAST_RATIO} of the endpoint without`)
process.exit(failed ? 1 : 0)
