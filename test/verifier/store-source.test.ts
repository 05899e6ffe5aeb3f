// Store as revocation source: a revocation on the server is effective at once in a verifier beside
// it.
import { describe, expect, it } from 'vitest'
import { storeRevocations } from '../../src/revocation/source.ts'
import { anyPlugin, createVerifier, unsafeIgnorePlugin } from '../../src/verifier/index.ts'
import { ISSUER, type TestServer, startServer } from '../support/server.ts'

const setUp = async () => {
  const server = await startServer()
  await server.plugin('p')
  const client = await server.client({ grants: { hook: ['hook:track'] }, plugins: ['p'] })
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: 'hook',
    revocations: storeRevocations(server.deps.store),
    fetch: (url) => server.request(new URL(url).pathname),
    clock: server.deps.clock,
  })
  const token = await server.issue(client)
  const verify = () => verifier.verify(token, { permission: 'hook:track', plugin: anyPlugin })
  return { server, client, token, verify }
}

type SetUp = Awaited<ReturnType<typeof setUp>>

/** `now` in seconds, for the store, by the frozen clock of the server. */
const WAYS: Record<
  string,
  (s: SetUp, store: TestServer['store'], now: number) => Promise<unknown>
> = {
  'the revocation of its jti': ({ server, client, token }) => server.revoke(client, token),
  'the revocation of its client': ({ client }, store, now) =>
    store.revokeClientTokens(client.id, now),
  'the revocation of its plugin': (_, store, now) => store.revokePluginTokens('p', now),
  'the suspension of its workspace': async (_, store, now) => {
    const workspace = await store.findWorkspace('default')
    if (workspace) await store.updateWorkspace(workspace, { status: 'suspended' }, now)
  },
  'the revocation of its key': async (_, store, now) => {
    const key = await store.findActiveKey('RS256')
    await store.revokeKeys([key?.kid ?? ''], [], now)
  },
}

describe('token that the verifier has cached', () => {
  it.each(Object.entries(WAYS))('is refused after %s', async (_, revoke) => {
    const it = await setUp()
    await expect(it.verify()).resolves.toMatchObject({ pluginId: 'p' })
    await revoke(it, it.server.store, it.server.seconds())
    await expect(it.verify()).rejects.toMatchObject({ status: 401, code: 'token_revoked' })
  })

  it('is refused with 503 when the store fails', async () => {
    const { server, verify } = await setUp()
    await verify()
    server.fail('findRevocation', new Error('gone'))
    await expect(verify()).rejects.toMatchObject({ status: 503, code: 'revocations_stale' })
    server.heal()
    await expect(verify()).resolves.toMatchObject({ pluginId: 'p' })
  })

  it('is refused for another audience', async () => {
    const { server } = await setUp()
    await server.audience('docs', ['read'])
    const client = await server.client({ grants: { docs: ['read'] } })
    const verifier = createVerifier({
      issuer: ISSUER,
      audience: 'hook',
      revocations: storeRevocations(server.store),
      fetch: (url) => server.request(new URL(url).pathname),
      clock: server.deps.clock,
    })
    const token = await server.issue(client)
    await expect(
      verifier.verify(token, { permission: null, plugin: unsafeIgnorePlugin }),
    ).rejects.toMatchObject({ code: 'token_untrusted' })
  })
})
