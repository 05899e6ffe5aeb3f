// Rotation under load: tokens of four processes, verified at once and again later while keys
// change. This suite prints the figures of the documentation.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  type Name,
  type RotationJudges,
  type Seen,
  createRotationJudges,
  kidOf,
} from './e2e/rotation-judges.ts'
import { startLoad } from './e2e/token-load.ts'
import { execute, openRecords } from './support/database.ts'
import { createCaller } from './support/http.ts'
import { partsOf } from './support/jwt.ts'
import {
  LIMIT_MS,
  type Place,
  type ServerProcess,
  createCli,
  seededPlace,
  startServer,
  until,
} from './support/processes.ts'
import type { ClientCredentials } from './support/records.ts'

const WORKERS = 4
const CLIENTS = 8
const TOKENS = 10_000
/** Leaves half of the machine to the suites that run beside this one. */
const PAUSE_MS = 15
const ROTATIONS = 3
const PER_KEY = TOKENS / (ROTATIONS + 2)
/**
 * Time between two changes of keys: a day in practice, and 5.3 s here. A verifier looks for unknown
 * keys once in 5 s.
 */
const KEY_MS = 5_300
/** One token of 20 is kept and verified again later. */
const KEPT_EVERY = 20
/** Promised bound of a revocation, in milliseconds. */
const BOUND_MS = 1_000
/** Time after the bound in which an accepted token would be noticed, in milliseconds. */
const WATCHED_MS = 2_000
/** Tries on a busy machine. */
const TRIES = 3

type Emergency = { kid: string; began: number; answered: number }

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

let place: Place
let server: ServerProcess
let clients: ClientCredentials[]
let judges: RotationJudges

const issued = new Map<string, number>()
const kept = new Map<string, string[]>()
const emergencies: Emergency[] = []

beforeAll(async () => {
  place = await seededPlace({ LATCHKEY_WORKERS: String(WORKERS), LATCHKEY_TOKEN_TTL: '3600' })
  server = await startServer(place)
  const records = openRecords(place)
  await records.audience('api', ['read'])
  clients = []
  for (let i = 0; i < CLIENTS; i++) {
    clients.push(await records.client({ grants: { api: ['read'] } }))
  }
  await records.close()
  judges = createRotationJudges(place.url)
  await judges.ours.ready()
})
afterAll(() => judges.ours.close())

const keep = (kid: string, token: string): void => {
  kept.set(kid, [...(kept.get(kid) ?? []), token])
}

const take = async (token: string, askedAt: number): Promise<void> => {
  issued.set(token, askedAt)
  if (issued.size % KEPT_EVERY === 0) keep(kidOf(token), token)
  await judges.verifyByAll(token)
}

/** Verifies kept tokens of each key continuously. */
const verifyAgain = async (running: () => boolean): Promise<void> => {
  while (running()) {
    for (const tokens of kept.values()) {
      const token = tokens[Math.floor(Math.random() * tokens.length)] ?? ''
      await Promise.all([judges.verify('ours', token), judges.verify('jose', token)])
    }
    await sleep(10)
  }
}

const untilIssued = async (count: number, running: () => boolean): Promise<void> => {
  while (running() && issued.size < count) await sleep(20)
}

const rotate = async (): Promise<void> => {
  await judges.joseRenewed.reload()
  execute(place, `update signing_keys set created_at = created_at - 90000 where state = 'next'`)
  await createCli(place).json('key rotate')
}

/**
 * Makes a verifier fetch the keys through a token of an unknown key, as the time between two
 * changes would do. The verifier then has the next key, and learns of a revoked key from the list
 * only.
 */
const fetchNextKey = async (): Promise<void> => {
  const [, next = ''] = await createCaller(place.url).kids()
  const [, payload, signature] = partsOf([...issued.keys()][0] ?? '')
  await until('the next key', async () => {
    const header = { alg: 'RS256', typ: 'at+jwt', kid: randomUUID() }
    const forged = [Buffer.from(JSON.stringify(header)).toString('base64url'), payload, signature]
    expect(await judges.codeOf('ours', forged.join('.'))).toBe('token_untrusted')
    return judges.ours.status().keys.some(({ kid }) => kid === next)
  })
}

const emergency = async (): Promise<void> => {
  await Promise.all([judges.joseRenewed.reload(), fetchNextKey()])
  const [kid = ''] = await createCaller(place.url).kids()
  const began = Date.now()
  await createCli(place).json('key revoke', kid)
  emergencies.push({ kid, began, answered: Date.now() })
  await sleep(BOUND_MS + WATCHED_MS)
}

/**
 * Returns when `by` accepted a token of the key, in milliseconds from the answer on; negative
 * before it.
 */
const takenAt = (by: Name, { kid, answered }: Emergency): number[] =>
  judges.seen[by]
    .filter((one) => one.kid === kid && one.code === 'good')
    .map(({ began }) => began - answered)

const isLate = (one: Emergency): boolean => takenAt('ours', one).some((ms) => ms > BOUND_MS)

const emergencyInTime = async (): Promise<void> => {
  for (let tries = 1; ; tries++) {
    await emergency()
    if (!emergencies.slice(-1).some(isLate)) return
    expect(tries, `a token was taken ${BOUND_MS} ms after its key was revoked`).toBeLessThan(TRIES)
    await sleep(KEY_MS)
  }
}

/** True for a refusal of a token whose key was not yet revoked at the answer. */
const isUnjust = ({ kid, code, ended }: Seen): boolean => {
  const revokedFrom = emergencies.find((one) => one.kid === kid)?.began ?? Infinity
  return code !== 'good' && ended < revokedFrom
}

const counts = (of: readonly Seen[]): Record<string, number> => {
  const counted: Record<string, number> = {}
  for (const { code } of of) counted[code] = (counted[code] ?? 0) + 1
  return counted
}

const print = (seconds: number): void => {
  const perSecond = Math.round(issued.size / seconds)
  console.log(
    `${issued.size} tokens of ${kept.size} keys in ${seconds.toFixed(1)} s, ${perSecond} in a second`,
  )
  for (const name of ['ours', 'jose', 'joseRenewed'] as const) {
    console.log(`${name}: ${JSON.stringify(counts(judges.seen[name]))}`)
  }
  for (const one of emergencies) {
    const last = Math.max(...takenAt('ours', one))
    const past = takenAt('jose', one).filter((ms) => ms > BOUND_MS).length
    console.log(
      `key revoke, answered after ${one.answered - one.began} ms: ours took a token of the key for the last time ` +
        `${last} ms after the answer (bound ${BOUND_MS} ms); jose took ${past} past the bound`,
    )
  }
}

const run = async (): Promise<void> => {
  const load = startLoad({ url: place.url, clients, take, pauseMs: PAUSE_MS })
  const again = verifyAgain(load.running)
  for (let i = 1; i <= ROTATIONS; i++) {
    await Promise.all([untilIssued(i * PER_KEY, load.running), sleep(KEY_MS)])
    await rotate()
  }
  await Promise.all([untilIssued((ROTATIONS + 1) * PER_KEY, load.running), sleep(KEY_MS)])
  await emergencyInTime()
  await untilIssued(TOKENS, load.running)
  await load.stop()
  await again
}

const expectRevoked = async (kid: string): Promise<void> => {
  for (const token of kept.get(kid) ?? []) {
    expect(await judges.verify('ours', token)).toMatchObject({ code: 'token_revoked' })
    expect(await judges.verify('joseRenewed', token)).toMatchObject({
      code: 'ERR_JWKS_NO_MATCHING_KEY',
    })
  }
}

it(
  'verifiers refuse no valid token, and no token of a revoked key is accepted after the bound',
  async () => {
    const from = Date.now()
    await run()
    print((Date.now() - from) / 1000)

    expect(issued.size).toBeGreaterThanOrEqual(TOKENS)
    expect(kept.size).toBeGreaterThanOrEqual(ROTATIONS + 2)
    expect(judges.seen.ours.filter(isUnjust)).toEqual([])
    expect(emergencies.slice(-1).filter(isLate)).toEqual([])
    // Every key of jose was published a day ahead, as seen by jose.
    expect(judges.seen.joseRenewed.filter(isUnjust)).toEqual([])
    expect(judges.unjust).toEqual([])
    // No process signs with the key after the answer.
    for (const { kid, answered } of emergencies) {
      const later = [...issued].filter(([token, at]) => at > answered && kidOf(token) === kid)
      expect(later).toEqual([])
    }

    await judges.joseRenewed.reload()
    for (const { kid } of emergencies) await expectRevoked(kid)
    const revoked = new Set(emergencies.map(({ kid }) => kid))
    for (const [kid, tokens] of kept) {
      for (const token of revoked.has(kid) ? [] : tokens) await judges.verifyByAll(token)
    }
    expect(judges.seen.ours.filter(isUnjust)).toEqual([])
    expect(judges.seen.joseRenewed.filter(isUnjust)).toEqual([])
    expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
  },
  8 * LIMIT_MS,
)
