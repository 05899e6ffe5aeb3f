// Introspection after a revocation of any kind: the token is inactive from the commit on.
import { beforeAll, describe, expect, test } from 'vitest'
import { KEY_RETIREMENT_SECONDS } from '../../src/constants.ts'
import { openBetterSqlite3Store } from '../../src/store/sqlite/better-sqlite3.ts'
import { live } from '../support/clock.ts'
import { decode, spellings } from '../support/jwt.ts'
import { testKey } from '../support/keys.ts'
import type { ClientCredentials } from '../support/records.ts'
import { type TestServer, startServer } from '../support/server.ts'

const INACTIVE = { active: false }
const GRANTS = { docs: ['read'] }

let server: TestServer
let client: ClientCredentials
/** Client that may introspect tokens for `docs`. */
let docs: ClientCredentials

const startWithDocs = async () => {
  const started = await startServer()
  await started.audience('docs', ['read'])
  return started
}

beforeAll(async () => {
  server = await startWithDocs()
  client = await server.client({ grants: GRANTS })
  docs = await server.client({ introspects: ['docs'] })
})

describe('introspection', () => {
  type Subject = { id: string; token: string; kid: string }
  /** Revokes the token. `again` tells whether the client gets a new one afterwards. */
  type Case = [
    name: string,
    revoke: (own: TestServer, subject: Subject) => Promise<unknown>,
    again: boolean,
  ]
  const cases: Case[] = [
    [
      'revocation of the client',
      (own, { id }) => own.store.revokeClientTokens(id, own.seconds()),
      true,
    ],
    [
      'revocation of the plugin',
      (own) => own.store.revokePluginTokens('acme.sync', own.seconds()),
      true,
    ],
    [
      'revocation of the key',
      async (own, { kid }) =>
        own.store.revokeKeys([kid], [await testKey('RS256', 3)], own.seconds()),
      true,
    ],
    ['disabling the client', (own, { id }) => own.setStatus(id, 'disabled'), false],
    ['deleting the client', (own, { id }) => own.deleteClient(id), false],
    [
      'disabling and enabling the client',
      async (own, { id }) => {
        await own.setStatus(id, 'disabled')
        await own.setStatus(id, 'active')
      },
      true,
    ],
    ['suspending the workspace', (own) => own.setWorkspaceStatus('acme', 'suspended'), false],
    [
      'suspending and resuming the workspace',
      async (own) => {
        await own.setWorkspaceStatus('acme', 'suspended')
        await own.setWorkspaceStatus('acme', 'active')
      },
      true,
    ],
    [
      'removing the grant',
      async (own, { id }) => {
        const before = await own.store.findClient(id)
        if (before) await own.store.updateClient(before, { grants: [] }, own.seconds())
      },
      false,
    ],
  ]

  test.each(cases)('answers inactive after %s', async (_, revoke, again) => {
    const own = await startWithDocs()
    await own.workspace('acme')
    const observer = await own.client({ introspects: ['docs'] })
    const made = await own.client({ workspaceId: 'acme', plugins: ['acme.sync'], grants: GRANTS })
    const bystander = await own.client({ plugins: ['acme.other'], grants: GRANTS })
    const [token, untouched] = [await own.issue(made), await own.issue(bystander)]
    expect(await own.introspect(observer, token)).toMatchObject({ active: true })

    const kid = String(decode(token).header.kid)
    await revoke(own, { id: made.id, token, kid })
    expect(await own.introspect(observer, token)).toEqual(INACTIVE)
    for (const one of spellings(token)) {
      expect(await own.introspect(observer, one)).toEqual(INACTIVE)
    }

    const key = (await own.store.findPublishedKey(kid, own.seconds())) !== null
    expect(await own.introspect(observer, untouched)).toMatchObject({ active: key })
    const asked = await own.requestToken({}, { basic: made })
    expect(asked.status === 200).toBe(again)
    if (again) {
      expect(await own.introspect(made, await own.issue(made))).toMatchObject({ active: true })
    }
  })

  test('introspection answers inactive for one revoked token and active for the others of its client', async () => {
    const [token, other] = [await server.issue(client), await server.issue(client)]
    await server.revoke(client, token)
    expect(await server.introspect(docs, token)).toEqual(INACTIVE)
    expect(await server.introspect(client, token)).toEqual(INACTIVE)
    expect(await server.introspect(docs, other)).toMatchObject({ active: true })
  })

  test('introspection answers active for a token of a retiring key', async () => {
    const own = await startWithDocs()
    const made = await own.client({ grants: GRANTS })
    const token = await own.issue(made)
    own.sql(`update signing_keys set state = 'retiring', retired_at = ${own.seconds()}
      where state = 'active'`)
    expect(await own.introspect(made, token)).toMatchObject({ active: true })
  })

  test('introspection answers inactive for a revoked key whose row returns to the key table', async () => {
    const own = await startWithDocs()
    const made = await own.client({ grants: GRANTS })
    const token = await own.issue(made)
    const kid = String(decode(token).header.kid)
    await own.store.revokeKeys([kid], [await testKey('RS256', 3)], own.seconds())
    own.sql(`update signing_keys set state = 'retiring', retired_at = ${own.seconds()}
      where kid = '${kid}'`)
    expect(await own.introspect(made, token)).toEqual(INACTIVE)
  })

  test.each(['plugin_gen', 'workspace_gen'])(
    'introspection treats a token without %s as the oldest',
    async (claim) => {
      const own = await startWithDocs()
      await own.workspace('acme')
      const made = await own.client({ workspaceId: 'acme', plugins: ['acme.sync'], grants: GRANTS })
      await own.store.revokePluginTokens('acme.sync', own.seconds())
      await own.setWorkspaceStatus('acme', 'suspended')
      await own.setWorkspaceStatus('acme', 'active')
      const { claims } = decode(await own.issue(made))
      const sign = async (payload: Record<string, unknown>) =>
        (await own.deps.signer.sign(payload, { algorithm: 'RS256', typ: 'at+jwt' })).token
      expect(await own.introspect(made, await sign(claims))).toMatchObject({ active: true })
      const { [claim]: _, ...without } = claims
      expect(await own.introspect(made, await sign(without))).toEqual(INACTIVE)
    },
  )

  test('introspection reads the rules at every request, and answers 500 without a verdict when that fails', async () => {
    const own = await startWithDocs()
    const made = await own.client({ grants: GRANTS })
    const token = await own.issue(made)
    own.fail('findRevocation', new Error('lost'))
    const response = await own.post('/oauth/introspect', { token }, { basic: made })
    expect([response.status, await response.text()]).toEqual([
      500,
      expect.not.stringContaining('active'),
    ])
  })
})

describe('a token that the server has examined before', () => {
  const examined = async () => {
    const own = await startWithDocs()
    const made = await own.client({ grants: GRANTS })
    const token = await own.issue(made)
    for (const _ of [1, 2])
      expect(await own.introspect(made, token)).toMatchObject({ active: true })
    return { own, made, token }
  }

  test('token is inactive once another process has revoked it', async () => {
    const { own, made, token } = await examined()
    const other = openBetterSqlite3Store(own.path)
    await other.revokeClientTokens(made.id, own.seconds())
    await other.close()
    expect(await own.introspect(made, token)).toEqual(INACTIVE)
  })

  test('token is inactive once its retiring key is no longer published', async () => {
    const { own, token } = await examined()
    await live(own.store, own.seconds() + 2 * KEY_RETIREMENT_SECONDS) // the time alone decides: no commit follows
    own.sql(`update signing_keys set state = 'retiring', retired_at = ${own.seconds()}
      where state = 'active'`)
    expect(await own.deps.signer.verify(token)).not.toBeNull()
    own.advance(KEY_RETIREMENT_SECONDS + 1)
    expect(await own.deps.signer.verify(token)).toBeNull()
  })
})
