// Time until a rule has reached a thousand followers of one server, all on this machine.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Run } from '../result.ts'
import { atExit } from '../support/cleanups.ts'
import type { Credentials, Running } from '../support/comparison.ts'
import { newIssuer } from '../support/issuer.ts'
import { createClient, startLatchkey } from '../support/latchkey.ts'
import { ask, basic, formTarget } from '../support/requests.ts'
import { median, quantile } from '../support/statistics.ts'
import { tokenOf } from '../support/tokens.ts'

const FOLLOWERS = 1_000
const MAX_MS = 1_000
/** Pause between two rules, in which all followers begin their next request. */
const PAUSE_MS = 1_500
/** Longest wait for the followers, in milliseconds. */
const LIMIT_MS = 120_000

const startServer = async () => {
  const { issuer, place } = await newIssuer()
  const server = await startLatchkey(place)
  return { issuer, server, client: createClient(place) }
}

type Said = { ready?: number; times?: number[] }

const heard = async (child: ChildProcess): Promise<Said> => {
  const [said] = await once(child, 'message', { signal: AbortSignal.timeout(LIMIT_MS) })
  return said as Said
}

const startFollowers = async (issuer: string, count: number): Promise<ChildProcess> => {
  const script = fileURLToPath(new URL('../servers/followers.mjs', import.meta.url))
  const child = fork(script, { execArgv: [] })
  atExit(() => child.kill('SIGKILL'))
  child.send({ issuer, count })
  const { ready } = await heard(child)
  if (ready !== count) throw new Error(`${ready} followers are ready`)
  return child
}

const revokeToken = async ({ port }: Running, client: Credentials): Promise<void> => {
  const post = (path: string, form: Record<string, string>) =>
    ask(formTarget(port, path, { authorization: basic(client), form }))
  const form = { grant_type: 'client_credentials', audience: 'hook' }
  const token = tokenOf(await post('/oauth/token', form))
  const { status } = await post('/oauth/revoke', { token })
  if (status !== 200) throw new Error(`the revocation was answered with ${status}`)
}

export const run: Run = async ({ quick }) => {
  const count = quick ? FOLLOWERS / 10 : FOLLOWERS
  const rounds = quick ? 2 : 7
  const { issuer, server, client } = await startServer()
  const followers = await startFollowers(issuer, count)
  const halves: number[] = []
  const lasts: number[] = []
  for (let rules = 1; rules <= rounds; rules++) {
    await sleep(PAUSE_MS)
    const answer = heard(followers)
    followers.send({ rules })
    const start = Date.now()
    await revokeToken(server, client)
    const { times = [] } = await answer
    if (times.length !== count) throw new Error(`the rule reached ${times.length} followers`)
    halves.push(quantile(times, 0.5) - start)
    lasts.push(Math.max(...times) - start)
  }
  return {
    tables: [
      {
        title: `${rounds} rules, ${count} followers in one process; from the request to revoke; medians`,
        columns: ['', 'ms'],
        rows: [
          ['half of the followers have the rule', median(halves).toFixed(0)],
          ['all have it', median(lasts).toFixed(0)],
          ['all have it, slowest rule', Math.max(...lasts).toFixed(0)],
        ],
      },
    ],
    targets: [
      { text: `A rule at ${count} followers`, value: median(lasts), unit: 'ms', most: MAX_MS },
    ],
    notes: [],
  }
}
