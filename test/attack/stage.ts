// One server for the whole run, with its followers and the clients of attackers.
import { createRequire } from 'node:module'
import { setPriority } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { execute, openRecords } from '../support/database.ts'
import { startFollower } from '../support/followers.ts'
import { createCaller } from '../support/http.ts'
import {
  type Place,
  latchkeyJson,
  newDirectory,
  newPlace,
  start,
  startServer,
  until,
} from '../support/processes.ts'
import type { ClientCredentials } from '../support/records.ts'
import { ATTACK_MS, LIVE_FOLLOWERS, RESIDENT_BYTES, RULES } from './bounds.ts'
import type { Target } from './hostile-client.ts'
import { residentBytes } from './process-cost.ts'

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const TSX = createRequire(import.meta.url).resolve('tsx')
/** Lowers the attacker's priority. The run measures the server, not the number of processors. */
const LOW_PRIORITY = 10

/** Interval between two readings of the memory, in milliseconds. */
const GUARD_MS = 50

/** Tokens that are revoked beside an attack, and the time between two, in milliseconds. */
const REVOCATIONS = 10
const BETWEEN_MS = 120
/** Clients that lose a permission by an operator beside an attack. */
const TAKEN_CLIENTS = 30

export type Stage = Awaited<ReturnType<typeof setStage>>

/** Rules over tokens of clients that are gone: as many as a busy issuer has. */
const fillList = (place: Place): void =>
  execute(
    place,
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${RULES})
      insert into revocations (seq, kind, value, client_id, expires_at, created_at)
      select (select seq from revocation_counter) + i, 'jti', lower(hex(randomblob(16))), 'gone',
        unixepoch() + 86400, unixepoch() from n;
    update revocation_counter set seq = (select max(seq) from revocations);`,
  )

const RUN = { type: 'tool_run', identifier: '*', project_id: 'p', locations: '*', actions: '*' }

const makeTarget = async (place: Place): Promise<Target> => {
  const records = openRecords(place)
  const hook = { grants: { hook: ['hook:track'] }, plugins: ['p'] }
  const closer = await records.client({ ...hook, details: [RUN] })
  const actions = Array.from({ length: 470 }, (_, i) => `a${i}`)
  const details = Array.from({ length: 100 }, (_, i) => ({
    type: 'tool_run',
    identifier: `r${i}`,
    project_id: 'p',
    locations: ['/v1'],
    actions: [...actions, `own-${i}`],
  }))
  const detailed = await records.client({ ...hook, details })
  await records.close()
  return { port: place.port, closer, detailed, enrolled: await enroll(place) }
}

const enroll = async (place: Place): Promise<Target['enrolled']> => {
  const { enrollment_token: token } = await latchkeyJson<{ enrollment_token: string }>(place, [
    'enrollment',
    'create',
    '--plugin',
    'p',
    '--grant',
    'hook=hook:track',
  ])
  const response = await fetch(`${place.url}/oauth/register`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ client_name: 'n' }),
  })
  const client = (await response.json()) as Record<string, string>
  expect(response.status, JSON.stringify(client)).toBe(201)
  return {
    id: client['client_id'] ?? '',
    token: client['registration_access_token'] ?? '',
  }
}

const startColdStarts = (place: Place) => {
  const options = { issuer: place.url, audience: 'hook' }
  const environment = { FOLLOWER: JSON.stringify(options) }
  const { child, said, ended } = start(
    { directory: newDirectory(), environment },
    [],
    pathOf('cold-starts.mjs'),
  )
  let answers = 0
  return {
    async stop(): Promise<void> {
      child.kill('SIGKILL')
      await ended
    },
    /** Time until a new follower has the whole list, in milliseconds. */
    async coldStart(): Promise<number> {
      child.stdin.write('\n')
      const line = await until('a cold start', () => {
        const lines = said.stdout.split('\n').slice(0, -1)
        return lines.length > answers && lines[answers]
      })
      answers += 1
      return (JSON.parse(line) as { ms: number }).ms
    },
  }
}

export type QuietStage = Awaited<ReturnType<typeof setQuietStage>>

/** The server and its list, without followers. */
export const setQuietStage = async () => {
  const place = await newPlace()
  const server = await startServer(place)
  const target = await makeTarget(place)
  fillList(place)
  return { place, server, target, close: () => server.stop() }
}

export const setStage = async () => {
  const { place, server, target } = await setQuietStage()
  const records = openRecords(place)
  const victim: ClientCredentials = await records.client({
    grants: { hook: ['hook:track'] },
    plugins: ['p'],
  })
  await records.close()
  const followers = await startFollower({
    issuer: place.url,
    audience: 'hook',
    count: LIVE_FOLLOWERS,
  })
  const { coldStart, stop: stopCold } = startColdStarts(place)
  const call = createCaller(place.url)
  let revoked = 0

  const acceptedByAll = async (tokens: Record<string, string>): Promise<void> => {
    followers.watch(tokens)
    await until('all followers to take the tokens', () =>
      Object.keys(tokens).every((id) => followers.seen(id).length >= LIVE_FOLLOWERS),
    )
  }

  /** @returns milliseconds for which each follower accepted each token after its time in `answered` */
  const refusedByAll = async (answered: Map<string, number>): Promise<number[]> => {
    const ids = [...answered.keys()]
    const refusals = (id: string) => followers.seen(id).filter(({ code }) => code !== 'good')
    await until('all followers to refuse the tokens', () =>
      ids.every((id) => refusals(id).length >= LIVE_FOLLOWERS),
    )
    for (const id of ids) {
      expect(new Set(refusals(id).map(({ code }) => code))).toEqual(new Set(['token_revoked']))
    }
    return ids.flatMap((id) =>
      refusals(id).map(({ at }) => Math.max(0, at - (answered.get(id) ?? NaN))),
    )
  }

  /** Clients revoke tokens one after the other. @returns each delay, in milliseconds */
  const revocations = async (): Promise<number[]> => {
    const tokens: Record<string, string> = {}
    for (let i = 0; i < REVOCATIONS; i++) tokens[`t${++revoked}`] = await call.issue(victim)
    await acceptedByAll(tokens)
    const answered = new Map<string, number>()
    for (const [id, token] of Object.entries(tokens)) {
      const { status } = await call.revoke(victim, token)
      expect(status).toBe(200)
      answered.set(id, Date.now())
      await sleep(BETWEEN_MS)
    }
    return await refusedByAll(answered)
  }

  /** An operator removes a permission from many clients at once. @returns each delay, in milliseconds */
  const takings = async (): Promise<number[]> => {
    const granting = openRecords(place)
    const grants = { hook: ['hook:track'] }
    const tokens: Record<string, string> = {}
    for (let i = 0; i < TAKEN_CLIENTS; i++) {
      const client = await granting.client({ grants, plugins: ['p'] })
      tokens[client.id] = await call.issue(client)
    }
    await acceptedByAll(tokens)
    const answered = new Map<string, number>()
    for (const id of Object.keys(tokens)) {
      await granting.takeGrants(id)
      answered.set(id, Date.now())
    }
    await granting.close()
    return await refusedByAll(answered)
  }

  return {
    place,
    server,
    target,
    call,
    victim,
    coldStart,
    revocations,
    takings,
    async close(): Promise<void> {
      await Promise.all([followers.kill(), server.stop(), stopCold()])
    },
    async attack(name: string) {
      const environment = { HOSTILE: JSON.stringify({ target, ms: ATTACK_MS }) }
      const where = { directory: newDirectory(), environment }
      const args = [TSX, pathOf('hostile.ts'), name]
      const { child, said, ended } = start(where, args, '--import')
      // The bound is exceeded already. Stopping keeps memory for the rest of the machine.
      const guard = setInterval(() => {
        try {
          if (residentBytes(server.pid) > 2 * RESIDENT_BYTES) child.kill('SIGKILL')
        } catch {
          clearInterval(guard) // the server has ended
        }
      }, GUARD_MS)
      await until(`the attack ${name}`, () => said.stdout.includes('begun') || said.stderr !== '')
      setPriority(child.pid ?? 0, LOW_PRIORITY)
      return {
        async end(): Promise<void> {
          child.stdin.end()
          const { signal, stderr } = await ended
          clearInterval(guard)
          expect(stderr).toBe('')
          if (signal !== null) console.log(`${name} was ended: it has filled the memory`)
        },
      }
    },
    async metric(name: string): Promise<number> {
      const text = await (await fetch(`${place.url}/metrics`)).text()
      return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
    },
  }
}
