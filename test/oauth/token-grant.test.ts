// Contents of a token request (design: Token request): audience, scope, plugin and details. A
// request only narrows the grant, and nothing is dropped silently.
import { beforeAll, describe, expect, test } from 'vitest'
import { type Refusal, expectRefusal, visible } from '../support/answers.ts'
import { decode } from '../support/jwt.ts'
import { type TestServer, startServer } from '../support/server.ts'

const API = 'https://api.example/v1'

const NOT_GRANTED: Refusal = [400, 'invalid_target', 'target_not_granted']
const MISMATCH: Refusal = [400, 'invalid_target', 'target_mismatch']
const TARGET_MALFORMED: Refusal = [400, 'invalid_target', 'target_malformed']
const TARGET_AMBIGUOUS: Refusal = [400, 'invalid_target', 'target_ambiguous']
const SCOPE_MALFORMED: Refusal = [400, 'invalid_scope', 'scope_malformed']
const SCOPE_NOT_GRANTED: Refusal = [400, 'invalid_scope', 'scope_not_granted']
const PLUGIN_REQUIRED: Refusal = [400, 'invalid_request', 'plugin_required']
const PLUGIN_NOT_ALLOWED: Refusal = [400, 'invalid_request', 'plugin_not_allowed']
const DETAILS_REFUSED: Refusal = [400, 'invalid_authorization_details', 'details_not_granted']

let server: TestServer

beforeAll(async () => {
  server = await startServer()
  await server.audience('docs', ['read', 'write>read', 'full>write', 'agency'])
  await server.audience('loop', ['a>b', 'b>c', 'c>a', 'd>d,b,gone'])
  await server.audience(API, ['call'])
  await server.audience('http://localhost:3000', ['call'])
})

/** Sends the request and returns the claims of the token, or expects the refusal. */
const ask = async (
  options: Parameters<TestServer['client']>[0],
  form: Record<string, string>,
  refusal?: Refusal,
) => {
  const client = await server.client(options)
  if (refusal !== undefined) {
    await expectRefusal(await server.requestToken(form, { basic: client }), refusal)
    return null
  }
  const response = await server.requestToken(form, { basic: client })
  expect(response.status).toBe(200)
  const body = (await response.json()) as { access_token: string; scope: string }
  const { claims } = decode(body.access_token)
  expect(claims.scope).toBe(body.scope)
  return claims
}

describe('audience of a token request', () => {
  const several = { docs: ['read'], [API]: ['call'], 'http://localhost:3000': ['call'] }

  test.each([
    ['the only granted one', { docs: ['read'] }, {}, 'docs'],
    [
      'the only granted one, for empty values',
      { docs: ['read'] },
      { audience: '', resource: '' },
      'docs',
    ],
    ['an id as audience', several, { audience: 'docs' }, 'docs'],
    ['a URI as audience', several, { audience: API }, API],
    ['a URI as resource', several, { resource: API }, API],
    ['audience and resource with the same value', several, { audience: API, resource: API }, API],
    [
      'a loopback URI as resource',
      several,
      { resource: 'http://localhost:3000' },
      'http://localhost:3000',
    ],
  ])('may be %s', async (_, grants, form, expected) => {
    expect(await ask({ grants }, form)).toMatchObject({ aud: expected })
  })

  const refused: [form: Record<string, string>, refusal: Refusal][] = [
    [{}, TARGET_AMBIGUOUS],
    [{ audience: 'unheard-of' }, NOT_GRANTED],
    [{ audience: 'hook' }, NOT_GRANTED],
    [{ audience: 'latchkey' }, NOT_GRANTED],
    [{ audience: 'DOCS' }, NOT_GRANTED],
    [{ audience: 'docs ' }, NOT_GRANTED],
    [{ audience: `docs ${API}` }, NOT_GRANTED],
    [{ audience: '*' }, NOT_GRANTED],
    [{ audience: '__proto__' }, NOT_GRANTED],
    [{ audience: `${API}/` }, NOT_GRANTED],
    [{ resource: `${API}/` }, NOT_GRANTED],
    [{ resource: 'https://API.example/v1' }, NOT_GRANTED],
    [{ resource: 'https://other.example' }, NOT_GRANTED],
    [{ resource: 'urn:example:docs' }, NOT_GRANTED],
    [{ resource: 'docs' }, TARGET_MALFORMED],
    [{ audience: 'docs', resource: 'docs' }, TARGET_MALFORMED],
    [{ resource: '/v1' }, TARGET_MALFORMED],
    [{ resource: '//api.example/v1' }, TARGET_MALFORMED],
    [{ resource: `${API}#part` }, TARGET_MALFORMED],
    [{ resource: `${API}#` }, TARGET_MALFORMED],
    [{ resource: 'https://' }, TARGET_MALFORMED],
    [{ audience: 'docs', resource: API }, MISMATCH],
    [{ audience: API, resource: `${API}/` }, MISMATCH],
  ]
  test.each(refused)('is refused as %o', async (form, refusal) => {
    await ask({ grants: several }, form, refusal)
  })

  describe('chosen by the scope alone', () => {
    beforeAll(async () => {
      await server.audience('mail', ['send>read', 'read', 'full>purge', 'purge'])
      await server.audience('gate', ['open'], { requiresPlugin: true })
    })

    const ALL = { docs: ['write', 'agency'], mail: ['full'], gate: ['open'], [API]: ['call'] }
    test.each<[string, Record<string, string[]>, string, string, string]>([
      ['a value of one audience', ALL, 'agency', 'docs', 'agency'],
      ['several values of one audience', ALL, 'write agency', 'docs', 'write read agency'],
      ['an implied value', ALL, 'read', 'docs', 'read'],
      ['an implied value of another audience', ALL, 'purge', 'mail', 'purge'],
      ['a value of an audience with a URI', ALL, 'call', API, 'call'],
      ['a value that the client holds at one of two audiences', ALL, 'full', 'mail', 'full purge'],
      [
        'two values, one of them of both audiences',
        { docs: ['write'], mail: ['read'] },
        'read write',
        'docs',
        'read write',
      ],
    ])('follows from %s', async (_, grants, scope, aud, granted) => {
      const claims = await ask({ grants, plugins: ['slack'] }, { scope })
      expect(claims).toMatchObject({ aud, scope: granted })
    })

    const BOTH = { docs: ['read', 'agency'], mail: ['read', 'purge'] }
    test.each<[string, Record<string, string[]>, Record<string, string>, Refusal]>([
      ['a value of both audiences', BOTH, { scope: 'read' }, TARGET_AMBIGUOUS],
      [
        'a value of both audiences, implied in one',
        { ...BOTH, mail: ['send'] },
        { scope: 'read' },
        TARGET_AMBIGUOUS,
      ],
      ['values of different audiences', BOTH, { scope: 'agency purge' }, TARGET_AMBIGUOUS],
      ['a value of no audience', BOTH, { scope: 'fly' }, SCOPE_NOT_GRANTED],
      ['a value of one audience and one of none', BOTH, { scope: 'agency fly' }, SCOPE_NOT_GRANTED],
      ['no scope', BOTH, {}, TARGET_AMBIGUOUS],
      ['an empty scope', BOTH, { scope: '' }, TARGET_AMBIGUOUS],
      ['a malformed scope', BOTH, { scope: 'agency ' }, SCOPE_MALFORMED],
      ['another audience', BOTH, { scope: 'agency', audience: 'mail' }, SCOPE_NOT_GRANTED],
      ['another resource', ALL, { scope: 'agency', resource: API }, SCOPE_NOT_GRANTED],
      ['an audience that is not granted', BOTH, { scope: 'agency', audience: 'gate' }, NOT_GRANTED],
      ['an audience that needs a plugin', ALL, { scope: 'open' }, PLUGIN_REQUIRED],
      ['another plugin', ALL, { scope: 'agency', plugin_id: 'slack' }, PLUGIN_NOT_ALLOWED],
      [
        'details that are not granted',
        ALL,
        { scope: 'agency', authorization_details: '[{"type":"playlist"}]' },
        DETAILS_REFUSED,
      ],
    ])('is refused with %s', async (_, grants, form, refusal) => {
      await ask({ grants }, form, refusal)
    })

    test('is refused as ambiguous with the scope in the description', async () => {
      const basic = await server.client({ grants: BOTH })
      const response = await server.requestToken({ scope: 'read' }, { basic })
      expect(await response.json()).toMatchObject({
        error_description: expect.stringMatching(/several audiences.*: read\.$/) as unknown,
      })
    })
  })

  test('is never granted to a client without grants', async () => {
    await ask({}, {}, TARGET_AMBIGUOUS)
    await ask({}, { audience: 'docs' }, NOT_GRANTED)
  })

  test('is refused alike whether it exists or not', async () => {
    const client = await server.client({ grants: { docs: ['read'] } })
    const answer = async (audience: string) => {
      const seen = await visible(await server.requestToken({ audience }, { basic: client }))
      return { ...seen, body: seen.body.replace(audience, 'AUDIENCE') }
    }
    expect(await answer(API)).toEqual(await answer('unheard-of'))
  })
})

describe('scope of a token', () => {
  test.each([
    ['the whole grant by default', ['read', 'agency'], undefined, 'read agency'],
    ['the whole grant for an empty value', ['read', 'agency'], '', 'read agency'],
    ['a part of the grant', ['read', 'agency'], 'agency', 'agency'],
    ['the permissions that the grant implies', ['full'], undefined, 'full write read'],
    ['the permissions that the scope implies', ['full'], 'write', 'write read'],
    ['an implied permission alone', ['full'], 'read', 'read'],
    ['values in the requested order', ['full', 'agency'], 'agency read', 'agency read'],
    ['a repeated value once', ['read'], 'read read', 'read'],
  ])('has %s', async (_, granted, scope, expected) => {
    const form = scope === undefined ? {} : { scope }
    expect(await ask({ grants: { docs: granted } }, form)).toMatchObject({ scope: expected })
  })

  test('has each permission once when permissions imply each other, and ignores removed ones', async () => {
    expect(await ask({ grants: { loop: ['d'] } }, {})).toMatchObject({ scope: 'd b c a' })
  })

  test.each([
    [['read'], 'write'],
    [['write'], 'full'],
    [['full'], 'agency'],
    [['agency'], 'read'],
    [['full'], 'read agency'],
    [['full'], 'read unheard-of'],
    [['full'], 'call'],
    [['full'], 'hook:govern'],
    [['full'], 'READ'],
    [['full'], 'read,write'],
    [['full'], '*'],
    [['full'], '__proto__'],
    [['full'], 'constructor'],
  ])('is refused with a grant of %j for %j', async (granted, scope) => {
    await ask({ grants: { docs: granted } }, { scope }, SCOPE_NOT_GRANTED)
  })

  test('is refused with a permission of another audience of the client', async () => {
    const grants = { docs: ['read'], [API]: ['call'] }
    await ask({ grants }, { audience: 'docs', scope: 'call' }, SCOPE_NOT_GRANTED)
  })

  const malformed = [' ', ' read', 'read ', 'read  write', 'read\twrite', 'read\nwrite']
  test.each([...malformed, 'read"', 'read\\', 'réad', 'read\u007f', 'read\u00a0write'])(
    'is refused as malformed: %j',
    async (scope) => {
      await ask({ grants: { docs: ['full'] } }, { scope }, SCOPE_MALFORMED)
    },
  )
})

describe('plugin of a token', () => {
  const free = { docs: ['read'] }
  const needing = { hook: ['hook:govern'] }
  const [a, b] = ['acme.sync', 'acme.mail']

  test.each([
    ['the only one of the client', [a], needing, {}, a],
    ['the only one of the client, named', [a], needing, { plugin_id: a }, a],
    ['the only one of the client, for an empty value', [a], needing, { plugin_id: '' }, a],
    ['the named one of several', [a, b], needing, { plugin_id: b }, b],
    ['the only one of the client, though none is needed', [a], free, {}, a],
    ['the named one of several, though none is needed', [a, b], free, { plugin_id: a }, a],
    ['absent for a client with several, as none is needed', [a, b], free, {}, undefined],
    ['absent for a client without, as none is needed', [], free, {}, undefined],
  ])('is %s', async (_, plugins, grants, form, expected) => {
    const claims = await ask({ plugins, grants }, form)
    expect(claims?.plugin_id).toBe(expected)
    const own = Object.keys(claims ?? {}).filter((name) => name.startsWith('plugin_'))
    expect(own.length > 0).toBe(expected !== undefined)
  })

  test.each([
    ['a client without plugins, though one is needed', [], needing, {}, PLUGIN_REQUIRED],
    ['a client with several, none of them named', [a, b], needing, {}, PLUGIN_REQUIRED],
    [
      'a client with several and an empty value',
      [a, b],
      needing,
      { plugin_id: '' },
      PLUGIN_REQUIRED,
    ],
    ['the plugin of another client', [a], needing, { plugin_id: b }, PLUGIN_NOT_ALLOWED],
    ['a plugin that does not exist', [a], needing, { plugin_id: 'unheard-of' }, PLUGIN_NOT_ALLOWED],
    [
      'the plugin of another client, though none is needed',
      [a],
      free,
      { plugin_id: b },
      PLUGIN_NOT_ALLOWED,
    ],
    ['a plugin for a client without plugins', [], free, { plugin_id: a }, PLUGIN_NOT_ALLOWED],
    ['a plugin id in capitals', [a], needing, { plugin_id: a.toUpperCase() }, PLUGIN_NOT_ALLOWED],
    ['two ids joined by a comma', [a, b], needing, { plugin_id: `${a},${b}` }, PLUGIN_NOT_ALLOWED],
    ['a glob', [a], needing, { plugin_id: '*' }, PLUGIN_NOT_ALLOWED],
  ])('is refused with %s', async (_, plugins, grants, form, refusal) => {
    await ask({ plugins, grants }, form, refusal)
  })
})

describe('authorization details', () => {
  test('are refused for a client without granted details', async () => {
    const form = { authorization_details: '[{"type":"tool_run","identifier":"1"}]' }
    await ask({ grants: { docs: ['read'] } }, form, DETAILS_REFUSED)
  })

  test.each(['', '[]'])('are absent for the value %j', async (details) => {
    const form = { authorization_details: details }
    const claims = await ask({ grants: { docs: ['read'] } }, form)
    expect(claims).not.toHaveProperty('authorization_details')
  })
})
