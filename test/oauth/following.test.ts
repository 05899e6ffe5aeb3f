// Revocations at the server, seen by a verifier that follows its list. The clock moves between
// steps only.
import { decodeJwt } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  MAX_CLOCK_TOLERANCE_SECONDS,
  MAX_JTI_RULES_PER_CLIENT,
  PRUNE_GRACE_SECONDS,
  RULE_RETENTION_SECONDS,
} from '../../src/constants.ts'
import { createUpkeep } from '../../src/upkeep/upkeep.ts'
import { createVerifier, unsafeIgnorePlugin } from '../../src/verifier/index.ts'
import { testKey } from '../support/keys.ts'
import { ISSUER, START_SECONDS, type TestServer, startServer } from '../support/server.ts'

const HOUR = 3600
/** Time that a rule is kept after its tokens have expired. */
const KEPT_SECONDS = MAX_CLOCK_TOLERANCE_SECONDS + PRUNE_GRACE_SECONDS
const REQUIRED = { permission: null, plugin: unsafeIgnorePlugin } as const

type Entry = { kind: string; value: string; gen?: number; exp: number | null }

let server: TestServer
let codeOf: (token: string) => Promise<string>

beforeEach(async () => {
  server = await startServer()
  await server.audience('api', ['read'])
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: 'api',
    follow: 'on-use',
    clock: () => server.deps.clock(),
    monotonic: () => server.deps.clock(),
    fetch: (url) => server.request(url.slice(ISSUER.length)),
  })
  codeOf = async (token) => {
    server.advance(6) // a list that is six seconds old is stale
    return await verifier.verify(token, REQUIRED).then(
      () => 'good',
      (error: { code: string }) => error.code,
    )
  }
})

const client = () => server.client({ grants: { api: ['read'] } })

const listed = async (): Promise<Entry[]> => {
  const text = await (await server.request('/oauth/revocations')).text()
  return decodeJwt<{ entries: Entry[] }>(text).entries
}

/** Makes the once-a-minute job of a server that runs all the time. */
const running = () => {
  const upkeep = createUpkeep({
    ...server.deps,
    audit: server.audit,
    lastUsed: server.lastUsed,
    ledger: null,
    retentionSeconds: null,
  })
  return () => upkeep.run()
}

describe('pruning', () => {
  test('keeps the live rules and removes all others over 72 hours', async () => {
    /** Expiry of each rule that was made, by kind and value. */
    const made = new Map<string, number | null>()
    const { kid } = await testKey('RS256', 2)
    await server.store.revokeKeys([kid], [await testKey('RS256', 3)], server.seconds())
    made.set(`key ${kid}`, null)
    let largest = 0
    const upkeep = running()
    await upkeep()
    for (let hour = 0; hour < 72; hour++) {
      for (let i = 0; i < 10; i++) {
        const [jti, exp] = [`${hour}-${i}`, server.seconds() + 60 + 600 * i]
        await server.store.revokeToken({ jti, clientId: 'c', clientGen: 1, exp }, server.seconds())
        made.set(`jti ${jti}`, exp)
      }
      const { id } = await client()
      await server.store.revokeClientTokens(id, server.seconds())
      made.set(`client ${id}`, server.seconds() + RULE_RETENTION_SECONDS)
      const run = { workspaceId: 'default', identifier: `run-${hour}` }
      await server.store.closeRun(run, server.seconds())
      server.advance(HOUR)
      await upkeep()
      const live = [...made]
        .filter(([, exp]) => exp === null || exp + KEPT_SECONDS > server.seconds())
        .map(([rule]) => rule)
      const rows = server
        .query("select kind || ' ' || value as rule from revocations where kind <> 'run'")
        .map(({ rule }) => rule)
      expect(rows.toSorted()).toEqual(live.toSorted())
      largest = Math.max(largest, rows.length)
    }
    expect(largest).toBeLessThan(60)
    const runs = (await listed()).filter(({ kind }) => kind === 'run')
    expect(runs.length).toBeLessThan(26)
    // The runs stay closed after their rules are gone.
    const closed = await server.store.listClosedRuns()
    expect(closed).toHaveLength(72)
    expect(server.seconds()).toBe(START_SECONDS + 72 * HOUR)
  })

  test('keeps a rule until its token has expired at a follower', async () => {
    const mine = await client()
    const token = await server.issue(mine)
    expect(await codeOf(token)).toBe('good')
    await server.revoke(mine, token)
    const upkeep = running()
    await upkeep()
    server.advance(880) // 14 seconds before expiry; `codeOf` advances 6 more
    await upkeep()
    expect(await codeOf(token)).toBe('token_revoked')
    server.advance(30)
    await upkeep()
    expect(await codeOf(token)).toBe('token_expired')
  })
})

test('client with more than MAX_JTI_RULES_PER_CLIENT rules gets a raised generation, and its count restarts', async () => {
  const [mine, other] = [await client(), await client()]
  const tokens = [await server.issue(mine), await server.issue(mine)]
  const [untouched] = [await server.issue(other)]
  expect(await codeOf(tokens[0] ?? '')).toBe('good')
  for (let i = 0; i < MAX_JTI_RULES_PER_CLIENT; i++) {
    const rule = { clientId: mine.id, clientGen: 1, exp: server.seconds() + 900 }
    await server.store.revokeToken({ jti: `jti-${i}`, ...rule }, server.seconds())
  }
  expect(await listed()).toHaveLength(MAX_JTI_RULES_PER_CLIENT)
  expect(await codeOf(tokens[1] ?? '')).toBe('good')
  await server.revoke(mine, tokens[0] ?? '')
  expect(await codeOf(tokens[0] ?? '')).toBe('token_revoked')
  expect(await codeOf(tokens[1] ?? '')).toBe('token_revoked') // revoked with the others: the price of the bound
  expect(await codeOf(untouched)).toBe('good')
  expect(await listed()).toMatchObject([{ kind: 'client', value: mine.id, gen: 2 }])
  const again = await server.issue(mine)
  expect(await codeOf(again)).toBe('good')
  await server.revoke(mine, again)
  expect(await codeOf(again)).toBe('token_revoked')
  expect((await listed()).map(({ kind }) => kind)).toEqual(['client', 'jti'])
})
