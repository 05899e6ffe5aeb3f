// Cost of the ledger at the token endpoint: one server, tokens that name a run, the ledger on and off in turns. The
// ratio is computed for each pair of turns, so that other load on the machine affects both.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Run } from '../result.ts'
import { atExit } from '../support/cleanups.ts'
import { type Answer, type Target, askOften, basic, formTarget } from '../support/requests.ts'
import { median, pairedRatio } from '../support/statistics.ts'

/** Minimum of requests per second with the ledger, as a part of the rate without it. */
const LEAST_RATIO = 0.97
/** Length of a round, in which the ledger writes several batches. */
const ROUND_MS = 400
const MAX_REQUESTS = 20_000
const IDENTIFIER = 'run-20260131-7f3a'

type State = 'on' | 'off'
type Round = { perSecond: number; cpuMs: number }

type Server = {
  target: Target
  /** @returns the processor time of all threads of the server so far, in microseconds */
  tell: (what: State | 'flush') => Promise<number>
}

const start = async (): Promise<Server> => {
  const script = fileURLToPath(new URL('../servers/ledger.ts', import.meta.url))
  const threads = new URL('../../scripts/tsx-in-threads.mjs', import.meta.url).href
  const child = fork(script, { execArgv: ['--import', 'tsx', '--import', threads] })
  atExit(() => child.kill('SIGKILL'))
  const [said] = (await once(child, 'message')) as [
    { clientId: string; secret: string; port: number },
  ]
  const form = {
    grant_type: 'client_credentials',
    audience: 'hook',
    authorization_details: JSON.stringify([{ type: 'tool_run', identifier: IDENTIFIER }]),
  }
  return {
    target: formTarget(said.port, '/oauth/token', { authorization: basic(said), form }),
    async tell(what) {
      const heard = once(child, 'message')
      child.send(what)
      return Number((await heard)[0])
    },
  }
}

const check = ({ status, text }: Answer): void => {
  const named = text.includes(`"identifier":"${IDENTIFIER}"`)
  if (status !== 200 || !named) throw new Error(`the answer was ${status}: ${text.slice(0, 300)}`)
}

const roundOf = async ({ target, tell }: Server, state: State, ms = ROUND_MS): Promise<Round> => {
  const before = await tell(state)
  const start = performance.now()
  const { answers } = await askOften(() => target, { ms, maxRequests: MAX_REQUESTS })
  const after = await tell('flush') // pending writes are a cost of this round
  const seconds = (performance.now() - start) / 1000
  answers.forEach(check)
  return {
    perSecond: answers.length / seconds,
    cpuMs: (after - before) / 1_000 / answers.length,
  }
}

export const run: Run = async ({ quick }) => {
  const server = await start()
  const pairs = quick ? 5 : 60
  const rounds: Record<State, Round[]> = { on: [], off: [] }
  for (const state of ['on', 'off'] as const) await roundOf(server, state, quick ? 500 : 3_000)
  for (let pair = 0; pair < pairs; pair++) {
    const order: State[] = pair % 2 === 0 ? ['on', 'off'] : ['off', 'on']
    for (const state of order) rounds[state].push(await roundOf(server, state))
  }
  const rates = (state: State): number[] => rounds[state].map(({ perSecond }) => perSecond)
  const row = (state: State): string[] => [
    `ledger ${state}`,
    Math.round(median(rates(state))).toLocaleString('en'),
    median(rounds[state].map(({ cpuMs }) => cpuMs)).toFixed(3),
  ]
  const title = `${pairs} pairs of rounds of ${ROUND_MS} ms in turns; medians`
  const ratio = pairedRatio(rates('on'), rates('off'))
  return {
    tables: [{ title, columns: ['', 'tokens/s', 'CPU ms each'], rows: [row('off'), row('on')] }],
    targets: [
      { text: 'Rate with the ledger, of without', value: ratio, unit: '×', least: LEAST_RATIO },
    ],
    notes: [],
  }
}
