// Revocation after a quiet hour, on a clock that runs 300 times as fast.
import { expect, it } from 'vitest'
import { type Verifier, createVerifier, unsafeIgnorePlugin } from '../src/verifier/index.ts'
import { arrivesInTime } from './e2e/bound.ts'
import { ISSUER, startServer } from './support/server.ts'
import { until } from './support/until.ts'

const REQUIRED = { permission: null, plugin: unsafeIgnorePlugin } as const

const codeOf = async (verifier: Verifier, token: string): Promise<string> =>
  await verifier.verify(token, REQUIRED).then(
    () => 'good',
    (error: { code: string }) => error.code,
  )

/** Seconds that the fast clock counts in one second. */
const SPEED = 300

it('followers receive the first rule at once after a quiet hour on a fast clock', async () => {
  const began = Date.now()
  const clock = (): number => began + (Date.now() - began) * SPEED
  const server = await startServer({ clock, tokenTtlSeconds: 24 * 60 * 60 })
  const watch = server.deps.revocationWatch
  server.deps.revocationWatch = {
    ...watch,
    changed: (known, ms, asker) => watch.changed(known, ms / SPEED, asker),
  }
  let requests = 0
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: 'api',
    clock,
    monotonic: clock,
    fetch(url, { signal }) {
      requests += 1
      return server.request(url.slice(ISSUER.length), signal ? { signal } : {})
    },
  })
  await server.store.createAudience(
    {
      id: 'api',
      requiresPlugin: false,
      tokenTtl: null,
      algorithm: 'RS256',
      permissions: [{ name: 'read', implies: [] }],
    },
    Math.floor(clock() / 1000),
  )
  const client = await server.client({ grants: { api: ['read'] } })
  const token = await server.issue(client)
  await verifier.ready()
  const codes = new Set<string>()
  while (clock() - began < 61 * 60 * 1000) {
    codes.add(await codeOf(verifier, token))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  expect(codes).toEqual(new Set(['good']))
  expect(requests).toBeLessThan((61 * 60) / 10) // the request was held, so the follower did not repeat it
  await arrivesInTime('after a quiet hour', async () => {
    const fresh = await server.issue(client)
    expect(await codeOf(verifier, fresh)).toBe('good')
    await server.store.revokeClientTokens(client.id, Math.floor(clock() / 1000))
    const revokedAt = Date.now()
    await until('the refusal', async () => (await codeOf(verifier, fresh)) === 'token_revoked')
    return [Date.now() - revokedAt]
  })
  verifier.close()
})
