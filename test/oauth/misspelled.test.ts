// Parameters that narrow: every endpoint refuses them in any spelling but the exact one, which
// works.
import { beforeAll, describe, expect, it } from 'vitest'
import { createEnrollment } from '../../src/admin/enrollments.ts'
import { PARAMETERS } from '../../src/oauth/parameters.ts'
import { FORM_PARAMETERS, GOOD_FORMS } from '../support/addresses.ts'
import { adminOf } from '../support/admin.ts'
import { type Refusal, expectRefusal } from '../support/answers.ts'
import type { ClientCredentials } from '../support/records.ts'
import { type TestServer, startServer } from '../support/server.ts'
import { UNKNOWN, spellingsOf } from '../support/spellings.ts'

let server: TestServer
let client: ClientCredentials
beforeAll(async () => {
  server = await startServer({ writes: async () => 0 })
  await server.audience('docs', ['read', 'write'])
  await server.plugin('slack')
  const run = { type: 'tool_run', project_id: 'p', locations: '*' as const, actions: '*' as const }
  client = await server.client({
    grants: { docs: ['read', 'write'] },
    plugins: ['slack'],
    details: [{ ...run, identifier: '*' }],
  })
})

const MISSPELLED: Refusal = [400, 'invalid_request', 'parameter_misspelled']

const FORMS = FORM_PARAMETERS.map(
  ([path, known]): [path: string, known: readonly string[], form: Record<string, string>] => [
    path,
    known,
    GOOD_FORMS[path] ?? {},
  ],
)

const CASES = FORMS.flatMap(([path, known, form]) =>
  known.map((name) => ({ path, name, form, known })),
)

describe('form', () => {
  it.each(CASES)(
    'sent to $path is refused with $name in every other spelling',
    async ({ path, name, form, known }) => {
      for (const spelling of spellingsOf(name)) {
        if (known.includes(spelling)) continue
        const pairs: [string, string][] = [...Object.entries(form), [spelling, 'read']]
        const response = await server.post(path, pairs, { basic: client })
        const { error_description: description } = (await response.clone().json()) as Record<
          string,
          string
        >
        expect(description, spelling).toContain(`send ${name}`)
        await expectRefusal(response, MISSPELLED)
      }
    },
  )

  it.each(FORMS)(
    'sent to %s may contain unknown names, and other spellings without a value',
    async (path, known, form) => {
      const unknown = UNKNOWN.map((name): [string, string] => [name, 'x'])
      const empty = known.map((name): [string, string] => [`${name}[]`, ''])
      const pairs = [...Object.entries(form), ...unknown, ...empty]
      const response = await server.post(path, pairs, { basic: client })
      expect(response.status, await response.clone().text()).toBe(200)
    },
  )

  const WORDS = ['aud', 'audience_id', 'scp', 'permissions', 'resource_indicator', 'plugin']
  it.each(WORDS)(
    'sent to the token endpoint is refused with %s, a synonym of a parameter',
    async (word) => {
      for (const name of [word, `${word}[]`, word.toUpperCase(), `${word}:0`]) {
        const response = await server.requestToken({ [name]: 'read' }, { basic: client })
        await expectRefusal(response, MISSPELLED)
        const query = new URLSearchParams([[name, 'read']]).toString()
        const form = { grant_type: 'client_credentials' }
        const asked = await server.post(`/oauth/token?${query}`, form, { basic: client })
        await expectRefusal(asked, [400, 'invalid_request', 'parameter_in_query'])
      }
    },
  )

  it('is refused with the exact name beside the other spelling', async () => {
    const pairs: [string, string][] = [
      ['grant_type', 'client_credentials'],
      ['scope', 'read'],
      ['scope[]', 'write'],
      ['scope[]', 'read'],
    ]
    await expectRefusal(await server.post('/oauth/token', pairs, { basic: client }), MISSPELLED)
  })

  it.each([
    'scope%5B%5D=read',
    'scope%255B%255D=read',
    '%73cope%5b0%5d=read',
    'scope+=read',
    '+scope=read',
    'scope%7F=read',
    'scope%2520=read',
    'scope%3A0=read',
    '%24scope=read',
  ])('is refused in the form %s', async (pair) => {
    const body = `grant_type=client_credentials&${pair}`
    await expectRefusal(await server.post('/oauth/token', body, { basic: client }), MISSPELLED)
  })

  it('is refused with body_malformed for a control character in a name', async () => {
    const body = 'grant_type=client_credentials&scope%00=read'
    const response = await server.post('/oauth/token', body, { basic: client })
    await expectRefusal(response, [400, 'invalid_request', 'body_malformed'])
  })

  it('is accepted with a percent-encoded letter in the exact name', async () => {
    const body = 'grant_type=client_credentials&%73cope=read'
    const response = await server.post('/oauth/token', body, { basic: client })
    expect([response.status, await response.json()]).toMatchObject([200, { scope: 'read' }])
  })

  it.each([
    ['scope', 'read', { scope: 'read' }],
    ['audience', 'docs', {}],
    ['plugin_id', 'slack', {}],
    ['authorization_details', '[{"type":"tool_run","identifier":"r1"}]', {}],
  ])('is accepted with the exact name %s', async (name, value, answer) => {
    const response = await server.requestToken({ [name]: value }, { basic: client })
    expect([response.status, await response.json()]).toMatchObject([200, answer])
  })
})

describe('query parameter', () => {
  const names = ['scope', 'audience', 'token', 'identifier', 'client_secret', 'plugin_id']
  it.each(FORMS)('makes %s refuse the request in any spelling', async (path, _, form) => {
    for (const name of names.flatMap((one) => [one, ...spellingsOf(one)])) {
      const query = new URLSearchParams([[name, 'x']]).toString()
      const response = await server.post(`${path}?${query}`, form, { basic: client })
      await expectRefusal(response, [400, 'invalid_request', 'parameter_in_query'])
    }
  })

  it('makes the revocation list refuse the request in any other spelling', async () => {
    for (const name of PARAMETERS.revocations) {
      expect((await server.request(`/oauth/revocations?${name}=0`)).status).toBe(200)
      for (const spelling of spellingsOf(name)) {
        const query = new URLSearchParams([[spelling, '1']]).toString()
        const response = await server.request(`/oauth/revocations?${query}`)
        expect([response.status, await response.json()], spelling).toMatchObject([
          400,
          { error: 'invalid_request', code: 'parameter_misspelled' },
        ])
      }
    }
    expect((await server.request('/oauth/revocations?trace=1&renew=2')).status).toBe(200)
  })
})

describe('registration', () => {
  const grants = [{ audience: 'docs', permissions: ['read', 'write'] }]
  const enroll = async () => (await createEnrollment(adminOf(server), { grants })).enrollment_token

  const send = (path: string, method: string, token: string, body: object) =>
    server.request(path, {
      method,
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
    })

  const MEMBERS = [
    'scope',
    'grant_types',
    'token_endpoint_auth_method',
    'redirect_uris',
    'contacts',
    'jwks',
    'client_name',
    'software_id',
    'response_types',
    'jwks_uri',
    'client_uri',
  ]
  const REFUSED: Refusal = [400, 'invalid_client_metadata', 'metadata_misspelled']

  it.each(MEMBERS)(
    'refuses %s in every other spelling and leaves the enrollment token valid',
    async (member) => {
      const token = await enroll()
      const named = { client_name: 'Daemon' }
      for (const spelling of spellingsOf(member)) {
        if (MEMBERS.includes(spelling)) continue
        const response = await send('/oauth/register', 'POST', token, {
          ...named,
          [spelling]: 'read',
        })
        expect(await response.clone().text(), spelling).toContain(`send ${member}`)
        await expectRefusal(response, REFUSED)
      }
      const made = await send('/oauth/register', 'POST', token, { ...named, scope: 'read' })
      expect([made.status, await made.clone().json()]).toMatchObject([201, { scope: 'read' }])
      const { registration_access_token: own, client_id: id } = (await made.json()) as Record<
        string,
        string
      >
      for (const spelling of spellingsOf(member).slice(0, 20)) {
        if (MEMBERS.includes(spelling)) continue
        const body = { ...named, client_id: id, [spelling]: 'read' }
        const response = await send(`/oauth/register/${id}`, 'PUT', own ?? '', body)
        await expectRefusal(response, REFUSED)
      }
    },
  )

  it.each(['scope', 'scope[]', 'Scope', 'client_name'])('refuses %s in the query', async (name) => {
    const token = await enroll()
    const query = new URLSearchParams([[name, 'read']]).toString()
    const body = { client_name: 'Daemon' }
    const response = await send(`/oauth/register?${query}`, 'POST', token, body)
    await expectRefusal(response, [400, 'invalid_request', 'parameter_in_query'])
    expect((await send('/oauth/register?trace=1', 'POST', token, body)).status).toBe(201)
  })

  it('ignores unknown members and members with a language tag', async () => {
    const words = UNKNOWN.filter((name) => name !== '__proto__').map((name) => [name, 'x'])
    const body = {
      ...Object.fromEntries(words),
      client_name: 'Daemon',
      'client_name#ja': 'デーモン',
    }
    expect((await send('/oauth/register', 'POST', await enroll(), body)).status).toBe(201)
  })
})
