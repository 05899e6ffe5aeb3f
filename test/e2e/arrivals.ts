// Propagation of random rules from real servers on one database to real followers, with kills, restarts and backups.
import { chmodSync, copyFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBetterSqlite3Store } from '../../src/store/sqlite/better-sqlite3.ts'
import type { Store } from '../../src/store/store.ts'
import { startCachingProxy } from '../support/caching-proxy.ts'
import { databasePath } from '../support/database.ts'
import { type Follower, startFollower } from '../support/followers.ts'
import { createCaller } from '../support/http.ts'
import {
  type Place,
  type ServerProcess,
  latchkeyJson,
  onAnotherPort,
  seededPlace,
  startServer,
  until,
  withVariables,
} from '../support/processes.ts'
import { type ClientCredentials, createRecords } from '../support/records.ts'
import { arrivesInTime } from './bound.ts'

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const random = (below: number): number => Math.floor(Math.random() * below)
const pick = <T>(of: readonly T[]): T => {
  const one = of[random(of.length)]
  if (one === undefined) throw new Error('nothing to pick from')
  return one
}
const now = (): number => Math.floor(Date.now() / 1000)

/** Client with a workspace, a plugin and a run of its own, all of the same name. */
type Victim = {
  id: string
  client: ClientCredentials
  plugin: string
  workspace: string
  token: string
}

let place: Place
let places: Place[]
let servers: ServerProcess[]
let proxy: Awaited<ReturnType<typeof startCachingProxy>>
let store: Store
let records: ReturnType<typeof createRecords>
let followers: Follower[]
/** Control: no rule matches it. */
let witness: Victim

const startServers = () => Promise.all(places.map((each) => startServer(each)))

const openStore = (): void => {
  store = openBetterSqlite3Store(databasePath(place))
  records = createRecords(store, now)
}

/** The first seven of ten followers request the list from one of the three servers, the others through the proxy. */
const isDirect = (i: number): boolean => i < 7

const followerOptions = (i: number) => {
  const url = places[i % 3]?.url ?? ''
  const direct = {
    revocationsUri: `${url}/oauth/revocations`,
    jwksUri: `${url}/.well-known/jwks.json`,
  }
  return { issuer: proxy.url, ...(isDirect(i) && direct) }
}

/** A rule reaches a follower within this time (docs/revocation.md). */
const PROMISED_MS = 1_000

const ANY_RUN = {
  type: 'tool_run',
  identifier: '*',
  project_id: 'p',
  locations: '*',
  actions: '*',
}

let made = 0
const newVictim = async (): Promise<Victim> => {
  const id = `v${++made}`
  await records.plugin(id)
  await records.workspace(id)
  const client = await records.client({
    workspaceId: id,
    plugins: [id],
    grants: { api: ['read'] },
    details: [ANY_RUN],
  })
  const authorization_details = JSON.stringify([{ type: 'tool_run', identifier: id }])
  const token = await createCaller(pick(places).url).issue(client, { authorization_details })
  return { id, client, plugin: id, workspace: id, token }
}

const newVictims = async (count: number): Promise<Victim[]> => {
  const victims: Victim[] = []
  for (let i = 0; i < count; i++) victims.push(await newVictim())
  return victims
}

const tokensOf = (victims: readonly Victim[]): Record<string, string> =>
  Object.fromEntries(victims.map(({ id, token }) => [id, token]))

/** Every way to revoke a token, except revoking a key. This process writes beside the servers. */
const WAYS: ((victim: Victim, url: string) => Promise<unknown>)[] = [
  async ({ client, token }, url) => {
    const { status } = await createCaller(url).revoke(client, token)
    expect(status).toBe(200)
  },
  ({ client }) => store.revokeClientTokens(client.id, now()),
  ({ client }) => records.setStatus(client.id, 'disabled'),
  ({ client }) => records.deleteClient(client.id),
  ({ id, workspace }) => store.closeRun({ workspaceId: workspace, identifier: id }, now()),
  ({ plugin }) => store.revokePluginTokens(plugin, now()),
  ({ workspace }) => records.setWorkspaceStatus(workspace, 'suspended'),
]

/** Every follower has accepted these tokens. */
const watchAll = async (victims: readonly Victim[], by = followers): Promise<void> => {
  for (const follower of by) follower.watch(tokensOf(victims))
  await until('the tokens to be taken by all', () =>
    by.every((follower) => victims.every(({ id }) => follower.seen(id)[0]?.code === 'good')),
  )
}

/** Verifiers cannot name a revoked key that has left the JWKS. */
const REFUSED = /^token_(revoked|untrusted)$/

const refusedAt = (follower: Follower, id: string): number | undefined =>
  follower.seen(id).find(({ code }) => REFUSED.test(code))?.at

const untilRefused = (victims: readonly Victim[], by = followers): Promise<boolean> =>
  until('the tokens to be refused by all', () =>
    by.every((follower) => victims.every(({ id }) => refusedAt(follower, id) !== undefined)),
  )

const expectWitness = async (by = followers): Promise<void> => {
  for (const follower of by) {
    expect(await follower.check({ witness: witness.token })).toEqual({ witness: 'good' })
  }
}

/** Revokes tokens one after the other. @returns milliseconds from each commit to each follower */
const measure = async (victims: readonly Victim[]): Promise<number[]> => {
  const committed = new Map<string, number>()
  for (const victim of victims) {
    await pick(WAYS)(victim, pick(places).url)
    committed.set(victim.id, Date.now())
    await sleep(random(150))
  }
  await untilRefused(victims)
  return followers.flatMap((follower) =>
    victims.map(({ id }) =>
      Math.max(0, (refusedAt(follower, id) ?? NaN) - (committed.get(id) ?? NaN)),
    ),
  )
}

const untilRefusedSomehow = async (victims: readonly Victim[]): Promise<void> => {
  for (const follower of followers) {
    await until('the tokens to be refused', async () => {
      const codes = await follower.check(tokensOf(victims))
      return Object.values(codes).every((code) => REFUSED.test(code))
    })
  }
}

/** Follows the same servers as the killed follower. It accepts no token that was revoked before it started. */
const restartFollower = async (i: number, victims: readonly Victim[], revoked: string[]) => {
  await followers[i]?.kill()
  const follower = await startFollower(followerOptions(i))
  follower.watch(tokensOf(victims))
  await until('the new follower', () => victims.every(({ id }) => follower.seen(id).length > 0))
  for (const id of revoked) {
    expect(follower.seen(id).map(({ code }) => code)).toEqual(['token_revoked'])
  }
  followers[i] = follower
}

/**
 * Revokes tokens while servers and followers are killed and restarted.
 * @returns milliseconds to each follower that had accepted the token, from when the follower could reach a server
 */
const takeAmongKills = async (victims: readonly Victim[]): Promise<number[]> => {
  const committed = new Map<string, number>()
  /** Time at which each server was back. */
  const back: number[][] = [[], [], []]
  let done = false

  const take = async (): Promise<void> => {
    for (const victim of victims) {
      // Repeats a request to a server that was just killed, as a client would.
      await until('the revocation', async () => {
        await pick(WAYS)(victim, pick(places).url)
        return true
      })
      committed.set(victim.id, Date.now())
      await sleep(random(400))
    }
    done = true
  }
  const killServers = async (): Promise<void> => {
    while (!done) {
      const i = random(3)
      servers[i]?.signal('SIGKILL')
      await servers[i]?.ended
      await sleep(random(300))
      servers[i] = await startServer(places[i] ?? place)
      back[i]?.push(Date.now())
      await sleep(500)
    }
  }
  const restarted = new Set<number>()
  const killFollowers = async (): Promise<void> => {
    while (!done) {
      const i = random(10)
      // The proxy may answer with a list that is PROMISED_MS old. Newer rules are measured below.
      const before = Date.now() - (isDirect(i) ? 0 : PROMISED_MS)
      const revoked = [...committed].filter(([, at]) => at <= before).map(([id]) => id)
      await restartFollower(i, victims, revoked)
      restarted.add(i)
      await sleep(300)
    }
  }
  await Promise.all([take(), killServers(), killFollowers()])
  await untilRefused(victims)
  await expectWitness()
  expect(restarted.size).toBeGreaterThan(1)
  const codes = followers.flatMap((f) => victims.flatMap(({ id }) => f.seen(id)))
  expect(new Set(codes.map(({ code }) => code))).toEqual(new Set(['good', 'token_revoked']))

  return followers.flatMap((follower, i) =>
    victims
      .filter(({ id }) => follower.seen(id)[0]?.code === 'good')
      .map(({ id }) => {
        const at = refusedAt(follower, id) ?? NaN
        const restarts = isDirect(i) ? (back[i % 3] ?? []).filter((time) => time <= at) : []
        return Math.max(0, at - Math.max(committed.get(id) ?? NaN, ...restarts))
      }),
  )
}

/** Revokes keys by a command. @returns milliseconds from the end of the command to each follower */
const revokeKeys = async (...args: string[]): Promise<number[]> => {
  const victims = await newVictims(3)
  await watchAll(victims)
  await latchkeyJson(place, ['key', 'revoke', ...args])
  const revokedAt = Date.now()
  await untilRefused(victims)
  const times = followers.flatMap((f) =>
    victims.map(({ id }) => Math.max(0, (refusedAt(f, id) ?? NaN) - revokedAt)),
  )
  witness = await newVictim()
  return times
}

const activeKid = async (): Promise<string> => (await createCaller(place.url).kids())[0] ?? ''

export const arrivals = (): void => {
  beforeAll(async () => {
    const first = await seededPlace()
    proxy = await startCachingProxy(0, () => places.map(({ url }) => url))
    place = withVariables(first, { LATCHKEY_ISSUER: proxy.url, LATCHKEY_TOKEN_TTL: '3600' })
    places = [place, await onAnotherPort(place), await onAnotherPort(place)]
    servers = await startServers()
    openStore()
    await records.audience('api', ['read'])
    witness = await newVictim()
    const numbers = Array.from({ length: 10 }, (_, i) => i)
    followers = await Promise.all(numbers.map((i) => startFollower(followerOptions(i))))
  })

  afterAll(async () => {
    await proxy.close()
    await store.close()
  })

  it('rules of every kind, made by any process, reach all ten followers within a second', async () => {
    await arrivesInTime('three servers, ten followers', async () => {
      const victims = await newVictims(30)
      await watchAll(victims)
      followers[4]?.jump(600) // the wall clock moves after the first list, and does not decide its age
      const times = await measure(victims)
      expect(times).toHaveLength(300)
      await expectWitness()
      return times
    })
    expect(proxy.count.hits).toBeGreaterThan(0) // the proxy cached the answers that it may cache
  })

  it('followers miss no rule while servers and followers are killed and restarted', async () => {
    await arrivesInTime('with servers and followers killed', async () => {
      const victims = await newVictims(40)
      await watchAll(victims)
      return await takeAmongKills(victims)
    })
  })

  it('followers refuse tokens of a revoked key and accept tokens of the next key', async () => {
    await arrivesInTime('key revoke', async () => {
      const times = await revokeKeys(await activeKid())
      await expectWitness()
      return times
    })
  })

  it('followers refuse all tokens after key revoke --all and accept tokens of the new key at once', async () => {
    await arrivesInTime('key revoke --all', async () => {
      const times = await revokeKeys('--all')
      await watchAll([witness])
      // Caches keep the old keys until a follower asks past them. No valid token was refused.
      for (const follower of followers) {
        expect(follower.seen(witness.id).map(({ code }) => code)).toEqual(['good'])
      }
      return times
    })
  })

  describe('a restored older copy under running followers', () => {
    it('revokes all tokens, also those of keys that the copy lacks', async () => {
      const copy = join(place.directory, 'copy.db')
      const source = new BetterSqlite3(databasePath(place))
      await source.backup(copy)
      source.close()

      // Changes after the backup: a token of a client in the backup, a revoked token, and keys that the backup lacks.
      const [revoked, later] = [await newVictim(), await newVictim()]
      await watchAll([revoked])
      await store.revokeClientTokens(revoked.client.id, now())
      await untilRefused([revoked])
      await latchkeyJson(place, ['key', 'revoke', await activeKid()])
      const ofLaterKey = { ...(await newVictim()), id: 'of a later key' }
      await watchAll([ofLaterKey])
      const oldEpoch = (await followers[0]?.status())?.revocations.epoch

      await Promise.all(servers.map((server) => server.stop()))
      await store.close()
      const path = databasePath(place)
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
      copyFileSync(copy, path)
      chmodSync(path, 0o600) // a wider mode is repaired, with a line on standard error
      const restored = await latchkeyJson<{ epoch: string }>(place, ['restored'])
      servers = await startServers()
      openStore()

      await untilRefusedSomehow([ofLaterKey, witness, later])
      for (const follower of followers) {
        await until('the new epoch', async () => {
          const { revocations } = (await follower.status()) ?? {}
          return revocations?.epoch === restored.epoch
        })
      }
      expect(restored.epoch).not.toBe(oldEpoch)
      witness = await newVictim()
      await expectWitness()
      await arrivesInTime('after the restore', async () => {
        const again = await newVictims(3)
        await watchAll(again)
        return await measure(again)
      })
      for (const follower of followers) {
        const codes = await follower.check({ ...tokensOf([revoked, later]), key: ofLaterKey.token })
        expect(Object.values(codes)).not.toContain('good')
      }
    })
  })
}
