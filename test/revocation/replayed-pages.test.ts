// Attacks by a machine between issuer and follower that replays pages which the issuer signed.
import { decodeJwt } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createVerifier, unsafeIgnorePlugin } from '../../src/verifier/index.ts'
import type { Verifier } from '../../src/verifier/index.ts'
import { testKey } from '../support/keys.ts'
import { ISSUER, type TestServer, startServer } from '../support/server.ts'
import { until } from '../support/until.ts'

const LIST = '/oauth/revocations'
const REQUIRED = { permission: null, plugin: unsafeIgnorePlugin } as const

/** Requests are answered by the test. */
const followBy = (server: TestServer) => {
  const held: { url: string; answer: (text: string) => void }[] = []
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: 'api',
    clock: server.deps.clock,
    monotonic: server.deps.clock,
    fetch: (url) =>
      url.includes(LIST)
        ? new Promise((resolve) =>
            held.push({ url, answer: (text) => resolve(new Response(text, { status: 200 })) }),
          )
        : server.request(url.slice(ISSUER.length)),
  })
  let asked = 0
  const next = async () => {
    const request = await until('a request for the list', () => held[asked])
    asked += 1
    return request
  }
  return {
    verifier,
    /** Answers with this list and waits for the next request. @returns the reason of a refusal, or null */
    async hand(text: string): Promise<string | null> {
      const { answer } = await next()
      answer(text)
      await until('the next request', () => held.length > asked)
      const { revocations } = verifier.status()
      return 'lastFailure' in revocations ? revocations.lastFailure : 'follows nothing'
    },
    /** Last request of the follower. */
    asks: () => new URL(held.at(-1)?.url ?? '').searchParams.get('after'),
  }
}

const codeOf = async (verifier: Verifier, token: string): Promise<string> =>
  await verifier.verify(token, REQUIRED).then(
    () => 'good',
    (error: { code: string }) => error.code,
  )

describe('a machine between the issuer and a follower', () => {
  let server: TestServer
  let follower: ReturnType<typeof followBy>
  let tokens: string[]

  const listOf = async (from: TestServer, after?: string | null): Promise<string> => {
    const query = after ? `?${new URLSearchParams({ after }).toString()}` : ''
    return await (await from.request(`${LIST}${query}`)).text()
  }
  const cursorOf = (text: string): string => decodeJwt<{ cursor: string }>(text).cursor
  const revoke = async (token: string | undefined, on = server): Promise<void> => {
    const { jti = '', exp = 0 } = decodeJwt(token ?? '')
    await on.store.revokeToken({ jti, clientId: 'c', clientGen: 1, exp }, on.seconds())
  }
  const codes = (): Promise<string[]> =>
    Promise.all(tokens.map((token) => codeOf(follower.verifier, token)))

  beforeEach(async () => {
    server = await startServer()
    await server.audience('api', ['read'])
    const client = await server.client({ grants: { api: ['read'] } })
    tokens = [await server.issue(client), await server.issue(client), await server.issue(client)]
    follower = followBy(server)
    expect(await follower.hand(await listOf(server))).toBeNull()
  })
  afterEach(() => follower.verifier.close())

  it('changes nothing by replaying an old list', async () => {
    const empty = await listOf(server)
    await revoke(tokens[0])
    const one = await listOf(server, cursorOf(empty))
    await revoke(tokens[1])
    const two = await listOf(server, cursorOf(one))
    expect(await follower.hand(one)).toBeNull()
    expect(await follower.hand(two)).toBeNull()
    for (const old of [empty, one]) {
      expect(await follower.hand(old)).not.toBeNull()
      expect(await codes()).toEqual(['token_revoked', 'token_revoked', 'good'])
    }
    expect(follower.asks()).toBe(cursorOf(two))
    await revoke(tokens[2])
    expect(await follower.hand(await listOf(server, cursorOf(two)))).toBeNull()
    expect(await codes()).toEqual(['token_revoked', 'token_revoked', 'token_revoked'])
  })

  it('cannot make an old list look new by sending nothing else', async () => {
    const empty = await listOf(server)
    server.advance(290)
    await follower.hand(empty)
    expect(await codes()).toEqual(['good', 'good', 'good'])
    server.advance(11)
    await follower.hand(empty)
    expect(new Set(await codes())).toEqual(new Set(['revocations_stale']))
  })

  it('is refused with a page that begins after the requested cursor', async () => {
    await revoke(tokens[0])
    const one = await listOf(server)
    await revoke(tokens[1])
    const onlySecond = await listOf(server, cursorOf(one))
    expect(await follower.hand(onlySecond)).toBe('the list leaves rules out')
    expect(await codes()).toEqual(['good', 'good', 'good'])
    expect(await follower.hand(await listOf(server))).toBeNull()
    expect(await codes()).toEqual(['token_revoked', 'token_revoked', 'good'])
  })

  it('is refused with a list of another epoch unless it is whole and newer', async () => {
    // A copy of the same issuer with the same keys.
    const copy = await startServer({ clock: server.deps.clock })
    await revoke(tokens[0])
    expect(await follower.hand(await listOf(server))).toBeNull()
    expect(await follower.hand(await listOf(copy))).toBe('the epoch is not newer')
    await revoke(tokens[1], copy)
    const whole = await listOf(copy)
    await revoke(tokens[2], copy)
    expect(await follower.hand(await listOf(copy, cursorOf(whole)))).not.toBeNull()
    expect(await codes()).toEqual(['token_revoked', 'good', 'good'])
    server.advance(6)
    expect(await follower.hand(await listOf(copy))).toBeNull()
    expect(await codes()).toEqual(['good', 'token_revoked', 'token_revoked'])
  })

  it('is refused with a list that a revoked key signed, however new it is', async () => {
    const expectRefused = async (): Promise<void> =>
      expect(new Set(await codes())).toEqual(new Set(['token_revoked']))
    const thief = await startServer({ clock: server.deps.clock })
    const { epoch } = await server.store.findRevocationHead()
    thief.sql(`update revocation_counter set epoch = '${epoch}', seq = 100`)
    const stolen = await testKey('RS256', 1)
    await server.store.revokeKeys([stolen.kid], [await testKey('RS256', 3)], server.seconds())
    const honest = await listOf(server)
    expect(await follower.hand(honest)).toBeNull()
    await expectRefused()
    for (const after of [undefined, cursorOf(honest)]) {
      expect(await follower.hand(await listOf(thief, after))).toMatch(/key/)
    }
    await expectRefused()
  })

  it('cannot present an access token as a list, nor a list as an access token', async () => {
    for (const token of tokens) expect(await follower.hand(token)).not.toBeNull()
    expect(await codes()).toEqual(['good', 'good', 'good'])
    expect(await codeOf(follower.verifier, await listOf(server))).toMatch(
      /^token_(malformed|untrusted)$/,
    )
  })
})
