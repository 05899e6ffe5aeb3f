// Client authentication (design: Token request; RFC 6749 §2.3): exactly one method, and equal
// answers for all failures.
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { equalInConstantTime } from '../../src/secret.ts'
import { INVALID_CLIENT, type Refusal, expectRefusal, visible } from '../support/answers.ts'
import type { ClientCredentials } from '../support/records.ts'
import { type Sent, type TestServer, basic, startServer } from '../support/server.ts'

vi.mock('../../src/secret.ts', { spy: true })

let server: TestServer
let client: ClientCredentials
let other: ClientCredentials

beforeAll(async () => {
  server = await startServer()
  await server.audience('docs', ['read'])
  client = await server.client({ grants: { docs: ['read'] } })
  other = await server.client({ grants: { docs: ['read'] } })
  await server.workspace('closed')
  await server.workspace('closing')
})

afterEach(() => {
  vi.restoreAllMocks()
})

const AMBIGUOUS: Refusal = [400, 'invalid_request', 'client_authentication_ambiguous']
const MALFORMED: Refusal = [400, 'invalid_request', 'client_authentication_malformed']

const encoded = (text: string | Uint8Array) => `Basic ${Buffer.from(text).toString('base64')}`
const withHeader = (Authorization: string): Sent => ({ headers: { Authorization } })
const asForm = ({ id, secret }: ClientCredentials) => ({ client_id: id, client_secret: secret })
/** Encodes every byte as `%XX`. */
const percent = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')

type Way = () => [form: Record<string, string>, sent: Sent]
type Named = [name: string, way: Way]

describe('token endpoint authentication', () => {
  const ways: Named[] = [
    ['Basic without encoding', () => [{}, { basic: client }]],
    [
      'Basic, percent-encoded',
      () => [{}, withHeader(encoded(`${percent(client.id)}:${percent(client.secret)}`))],
    ],
    ['basic in small letters', () => [{}, withHeader(basic(client).replace('Basic', 'basic'))]],
    ['BASIC in capitals', () => [{}, withHeader(basic(client).replace('Basic', 'BASIC'))]],
    ['several spaces', () => [{}, withHeader(basic(client).replace(' ', '   '))]],
    ['base64 without padding', () => [{}, withHeader(basic(client).replace(/=+$/, ''))]],
    ['client_secret_post', () => [asForm(client), {}]],
    ['Basic with the same client_id', () => [{ client_id: client.id }, { basic: client }]],
    ['Basic with an empty client_secret', () => [{ client_secret: '' }, { basic: client }]],
  ]
  test.each(ways)('accepts %s', async (_, way) => {
    expect((await server.requestToken(...way())).status).toBe(200)
  })

  test('accepts each of the live secrets', async () => {
    const many = await server.client({ grants: { docs: ['read'] } })
    const secrets = [many.secret]
    for (let i = 0; i < 4; i++) secrets.push((await server.addSecret(many.id)).secret)
    for (const secret of secrets) {
      const response = await server.requestToken({}, { basic: { id: many.id, secret } })
      expect(response.status).toBe(200)
    }
  })
})

describe('malformed authentication', () => {
  const ambiguous: Named[] = [
    ['Basic and form parameters', () => [asForm(client), { basic: client }]],
    ['Basic and form parameters of another client', () => [asForm(other), { basic: client }]],
    ['Basic and a wrong client_secret', () => [{ client_secret: 'x' }, { basic: client }]],
    [
      'Basic and the client_id of another client',
      () => [{ client_id: other.id }, { basic: client }],
    ],
    ['form parameters and another scheme', () => [asForm(client), withHeader('Bearer x')]],
    ['form parameters and an empty header', () => [asForm(client), withHeader('')]],
    ['Basic and an assertion', () => [{ client_assertion: 'x' }, { basic: client }]],
    ['Basic and an assertion type', () => [{ client_assertion_type: 'x' }, { basic: client }]],
    ['form parameters and an assertion', () => [{ ...asForm(client), client_assertion: 'x' }, {}]],
  ]
  test.each(ambiguous)('is refused with two methods: %s', async (_, way) => {
    await expectRefusal(await server.requestToken(...way()), AMBIGUOUS)
  })

  const headers: [name: string, header: () => string][] = [
    ['no credentials', () => 'Basic'],
    ['not base64', () => 'Basic !!!'],
    ['base64url', () => 'Basic _-_-'],
    ['base64 with trailing text', () => `${basic(client)} x`],
    ['padding in the middle', () => 'Basic YTpi=YTpi'],
    ['two credentials', () => `${basic(client)}, ${basic(client)}`],
    ['no colon', () => encoded(client.id)],
    ['not UTF-8', () => encoded(Uint8Array.of(0x61, 0x3a, 0xff))],
    ['NUL', () => encoded(`${client.id}:a\0b`)],
    ['an encoded NUL', () => encoded(`${client.id}%00:${client.secret}`)],
    ['broken percent-encoding', () => encoded(`${client.id}:100%`)],
    ['percent-encoding that is not UTF-8', () => encoded(`%ff:${client.secret}`)],
  ]
  test.each(headers)('is refused in a Basic header: %s', async (_, header) => {
    await expectRefusal(await server.requestToken({}, withHeader(header())), MALFORMED)
  })
})

describe('failed authentication', () => {
  const WRONG = `lks_${'x'.repeat(43)}`

  /** Each case makes credentials that were valid once, or look valid. */
  const cases: [name: string, credentials: () => Promise<ClientCredentials>][] = [
    ['a wrong secret', async () => ({ ...client, secret: WRONG })],
    ['the secret of another client', async () => ({ ...client, secret: other.secret })],
    ['an empty secret', async () => ({ ...client, secret: '' })],
    ['a shortened secret', async () => ({ ...client, secret: client.secret.slice(0, -1) })],
    ['a very long secret', async () => ({ ...client, secret: client.secret.repeat(50) })],
    ['a client id in capitals', async () => ({ ...client, id: client.id.toUpperCase() })],
    ['an empty client id', async () => ({ ...client, id: '' })],
    [
      'a disabled client',
      async () => {
        const made = await server.client({ grants: { docs: ['read'] } })
        await server.setStatus(made.id, 'disabled')
        return made
      },
    ],
    [
      'a deleted client',
      async () => {
        const made = await server.client({ grants: { docs: ['read'] } })
        await server.deleteClient(made.id)
        return made
      },
    ],
    [
      'a client of a suspended workspace',
      async () => {
        await server.setWorkspaceStatus('closed', 'active')
        const made = await server.client({ workspaceId: 'closed', grants: { docs: ['read'] } })
        await server.setWorkspaceStatus('closed', 'suspended')
        return made
      },
    ],
    [
      'an expired secret',
      () => server.client({ grants: { docs: ['read'] }, secretExpiresAt: server.seconds() }),
    ],
    [
      'a revoked secret',
      async () => {
        const made = await server.client({ grants: { docs: ['read'] } })
        const [secret] = await server.store.listSecrets(made.id, server.seconds())
        await server.store.revokeSecret(made.id, secret?.id ?? '', server.seconds())
        return made
      },
    ],
  ]

  const unknown = { id: `lkc_${'x'.repeat(22)}`, secret: WRONG }

  const attempt = async (form: Record<string, string>, sent: Sent) => {
    const response = await server.requestToken(form, sent)
    await expectRefusal(response.clone(), INVALID_CLIENT)
    return visible(response)
  }

  test.each(cases)('looks the same for %s and for an unknown client', async (_, credentials) => {
    const made = await credentials()
    const expected = await attempt({}, { basic: unknown })
    expect(await attempt({}, { basic: made })).toEqual(expected)
    expect(await attempt(asForm(made), {})).toEqual(expected)
  })

  const reads = () =>
    (['findLogin', 'findGrantedClient'] as const).map((verb) => vi.spyOn(server.deps.store, verb))
  const comparisons = vi.mocked(equalInConstantTime)

  /**
   * All but the very long secret: it is not hashed, and its different cost reveals only what the
   * caller sent.
   */
  test.each(cases.filter(([name]) => !name.startsWith('a very long')))(
    'costs one read and one comparison for %s and for an unknown client',
    async (_, credentials) => {
      const made = await credentials()
      const spies = [...reads(), comparisons]
      for (const one of [made, unknown]) {
        vi.clearAllMocks()
        await attempt({}, { basic: one })
        expect(spies.map((spy) => spy.mock.calls.length)).toEqual([1, 0, 1])
      }
    },
  )

  const none: Named[] = [
    ['no authentication', () => [{}, {}]],
    ['a client_id alone', () => [{ client_id: client.id }, {}]],
    ['a client_secret alone', () => [{ client_secret: client.secret }, {}]],
    ['another scheme', () => [{}, withHeader('Bearer abc')]],
    ['another scheme that begins with Basic', () => [{}, withHeader('Basically abc')]],
    ['a client assertion', () => [{ client_id: client.id, client_assertion: 'x' }, {}]],
  ]
  test.each(none)('looks the same with %s and for an unknown client', async (_, way) => {
    expect(await attempt(...way())).toEqual(await attempt({}, { basic: unknown }))
  })

  test('starts in the second in which a secret expires', async () => {
    const expiresAt = server.seconds() + 60
    const made = await server.client({ grants: { docs: ['read'] }, secretExpiresAt: expiresAt })
    server.advance(59)
    expect((await server.requestToken({}, { basic: made })).status).toBe(200)
    server.advance(1)
    await expectRefusal(await server.requestToken({}, { basic: made }), INVALID_CLIENT)
  })

  test.each([
    ['disabled', (id: string) => server.setStatus(id, 'disabled')],
    ['suspended with its workspace', () => server.setWorkspaceStatus('closing', 'suspended')],
    ['deleted', (id: string) => server.deleteClient(id)],
  ])('follows when the client is %s between the two reads', async (_, close) => {
    await server.setWorkspaceStatus('closing', 'active')
    const made = await server.client({ workspaceId: 'closing', grants: { docs: ['read'] } })
    vi.spyOn(server.deps.store, 'findLogin').mockImplementationOnce(async (...args) => {
      const login = await server.store.findLogin(...args)
      await close(made.id)
      return login
    })
    await expectRefusal(await server.requestToken({}, { basic: made }), INVALID_CLIENT)
  })

  test('ends when the client is enabled again', async () => {
    const made = await server.client({ grants: { docs: ['read'] } })
    await server.setStatus(made.id, 'disabled')
    await expectRefusal(await server.requestToken({}, { basic: made }), INVALID_CLIENT)
    await server.setStatus(made.id, 'active')
    expect((await server.requestToken({}, { basic: made })).status).toBe(200)
  })
})
