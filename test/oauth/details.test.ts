// Authorization details at the token endpoint (RFC 9396): the claim, the response member, every
// refusal.
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { MAX_DETAILS, MAX_JSON_DEPTH, MAX_TOKEN_BYTES } from '../../src/constants.ts'
import type { AuthorizationDetail, DetailValue } from '../../src/store/store.ts'
import { type Refusal, expectPrivate, expectRefusal, visible } from '../support/answers.ts'
import { decode } from '../support/jwt.ts'
import type { ClientCredentials } from '../support/records.ts'
import { type TestServer, startServer } from '../support/server.ts'

const refusal = (code: string): Refusal => [400, 'invalid_authorization_details', code]
const MALFORMED = refusal('details_malformed')
const NOT_GRANTED = refusal('details_not_granted')
const AMBIGUOUS = refusal('details_ambiguous')
const REPEATED = refusal('details_repeated')
const NO_RUN = refusal('run_not_named')

type Members = Record<string, DetailValue>
const playlist = (members: Members = {}): AuthorizationDetail => ({
  type: 'playlist',
  identifier: 'evening',
  actions: ['play', 'skip'],
  parts: ['zone-a', 'zone-b'],
  ...members,
})
const ANY = playlist({ identifier: '*', actions: '*', parts: '*' })
const RUN = {
  type: 'tool_run',
  identifier: '*',
  project_id: 'p1',
  locations: ['/v1/issues', '/v1/users'],
  actions: '*',
}

let server: TestServer

const resource = (id: string, parts: string[], workspaceId = 'default', type = 'playlist') =>
  server.store.createResource({ type, id, workspaceId, parts }, server.seconds())

beforeAll(async () => {
  server = await startServer()
  await server.audience('docs', ['read'])
  await server.workspace('acme')
  await resource('evening', ['zone-a', 'zone-b'])
  await resource('morning', ['zone-c'])
  await resource('night', ['zone-a'], 'acme')
  await resource('hall', ['zone-a'], 'default', 'room')
})

const holding = (...details: AuthorizationDetail[]): Promise<ClientCredentials> =>
  server.client({ grants: { docs: ['read'] }, details })

const request = (client: ClientCredentials, details: unknown): Promise<Response> => {
  const text = typeof details === 'string' ? details : JSON.stringify(details)
  return server.requestToken({ authorization_details: text }, { basic: client })
}

type Answer = { access_token: string; authorization_details?: AuthorizationDetail[] }

/**
 * Returns the details of an issued token, after a check that answer, claims and introspection
 * agree.
 */
const given = async (client: ClientCredentials, details: unknown): Promise<unknown> => {
  const response = await request(client, details)
  expect(response.status).toBe(200)
  expectPrivate(response)
  const answer = (await response.json()) as Answer
  const { claims } = decode(answer.access_token)
  expect(claims['authorization_details']).toEqual(answer.authorization_details)
  const introspected = await server.introspect(client, answer.access_token)
  expect(introspected).toEqual({ active: true, token_type: 'Bearer', ...claims })
  return answer.authorization_details
}

describe('requested details', () => {
  const cases: [
    title: string,
    granted: AuthorizationDetail[],
    asked: Members[],
    result: Members[],
  ][] = [
    [
      'the whole grant for a request that names the type only',
      [playlist()],
      [{ type: 'playlist' }],
      [playlist()],
    ],
    [
      'fewer actions and no parts',
      [playlist({ volume: 5, loud: false })],
      [{ type: 'playlist', actions: ['skip'], parts: [] }],
      [playlist({ volume: 5, loud: false, actions: ['skip'], parts: [] })],
    ],
    [
      'several types in the requested order',
      [playlist(), RUN],
      [
        { type: 'tool_run', identifier: 'run-7', locations: ['/v1/users'] },
        { type: 'playlist', identifier: 'evening' },
      ],
      [{ ...RUN, identifier: 'run-7', locations: ['/v1/users'] }, playlist()],
    ],
    [
      'one part of one resource from a grant of any',
      [ANY],
      [{ type: 'playlist', identifier: 'evening', parts: ['zone-b'] }],
      [playlist({ actions: '*', parts: ['zone-b'] })],
    ],
    [
      'one resource with all its parts from a grant of any',
      [ANY],
      [{ type: 'playlist', identifier: 'evening' }],
      [{ ...ANY, identifier: 'evening' }],
    ],
    [
      'one resource without parts from a grant of any',
      [ANY],
      [{ type: 'playlist', identifier: 'evening', parts: [] }],
      [{ ...ANY, identifier: 'evening', parts: [] }],
    ],
    [
      'empty lists from a grant with empty lists',
      [playlist({ actions: [], parts: [] })],
      [{ type: 'playlist' }],
      [playlist({ actions: [], parts: [] })],
    ],
    [
      'a resource that one of two grants covers',
      [playlist(), ANY],
      [{ type: 'playlist', identifier: 'morning' }],
      [{ ...ANY, identifier: 'morning' }],
    ],
    [
      'the granted run for a request without a run',
      [{ ...RUN, identifier: 'run-7' }],
      [{ type: 'tool_run' }],
      [{ ...RUN, identifier: 'run-7' }],
    ],
    [
      'a run whose name has special characters',
      [RUN],
      [{ type: 'tool_run', identifier: 'run:7/~a', actions: ['"7" \\ é🔑'] }],
      [{ ...RUN, identifier: 'run:7/~a', actions: ['"7" \\ é🔑'] }],
    ],
  ]
  test.each(cases)('yield %s', async (_, granted, asked, result) => {
    expect(await given(await holding(...granted), asked)).toEqual(result)
  })

  test.each([undefined, '', '[]', ' [ ] '])(
    'are absent from the answer, the token and introspection for the parameter %j',
    async (details) => {
      const client = await holding(playlist(), RUN)
      const form = details === undefined ? {} : { authorization_details: details }
      const response = await server.requestToken(form, { basic: client })
      expect(response.status).toBe(200)
      const answer = (await response.json()) as Answer
      expect(answer).not.toHaveProperty('authorization_details')
      expect(decode(answer.access_token).claims).not.toHaveProperty('authorization_details')
      const introspected = await server.introspect(client, answer.access_token)
      expect(introspected).not.toHaveProperty('authorization_details')
      expect(introspected['active']).toBe(true)
    },
  )

  test('are shown to a client that introspects the audience', async () => {
    const docs = await server.client({ introspects: ['docs'] })
    const token = await server.issue(await holding(playlist()), {
      authorization_details: '[{"type":"playlist"}]',
    })
    expect((await server.introspect(docs, token))['authorization_details']).toEqual([playlist()])
  })
})

describe('token endpoint', () => {
  const cases: [title: string, granted: AuthorizationDetail[], asked: unknown, Refusal][] = [
    ['details for a client without any', [], [playlist()], NOT_GRANTED],
    ['a type that is not granted', [playlist()], [{ type: 'room' }], NOT_GRANTED],
    [
      'a type that is named like an inherited property',
      [playlist()],
      [{ type: 'constructor' }],
      NOT_GRANTED,
    ],
    [
      'a resource that is not granted',
      [playlist()],
      [playlist({ identifier: 'morning' })],
      NOT_GRANTED,
    ],
    ['any resource for a grant of one', [playlist()], [playlist({ identifier: '*' })], NOT_GRANTED],
    [
      'an action that is not granted',
      [playlist()],
      [playlist({ actions: ['play', 'stop'] })],
      NOT_GRANTED,
    ],
    ['all actions for a grant of two', [playlist()], [playlist({ actions: '*' })], NOT_GRANTED],
    [
      'a part that is not granted',
      [playlist()],
      [playlist({ parts: ['zone-a', 'zone-c'] })],
      NOT_GRANTED,
    ],
    ['all parts for a grant of two', [playlist()], [playlist({ parts: '*' })], NOT_GRANTED],
    ['actions for a grant without actions', [playlist({ actions: [] })], [playlist()], NOT_GRANTED],
    ['a member that the grant lacks', [playlist()], [playlist({ volume: 5 })], NOT_GRANTED],
    [
      'a member that is named like an inherited property',
      [playlist()],
      [playlist({ constructor: 'x' })],
      NOT_GRANTED,
    ],
    [
      'a limit that differs from the grant',
      [playlist({ volume: 5 })],
      [playlist({ volume: 6 })],
      NOT_GRANTED,
    ],
    ['any run beside a type that is not granted', [RUN], [RUN, playlist()], NO_RUN],
    ['a type that is not granted beside one that is', [playlist()], [playlist(), RUN], NOT_GRANTED],
    [
      'a location that is not granted',
      [RUN],
      [{ ...RUN, identifier: 'x', locations: ['/v1'] }],
      NOT_GRANTED,
    ],
    [
      'a project that is not granted',
      [RUN],
      [{ ...RUN, identifier: 'x', project_id: 'p2' }],
      NOT_GRANTED,
    ],
    ['a tool_run without identifier', [RUN], [{ type: 'tool_run' }], NO_RUN],
    ['any run for a grant of any run', [RUN], [RUN], NO_RUN],
    ['any run for a grant of one', [{ ...RUN, identifier: 'run-7' }], [RUN], NOT_GRANTED],
    [
      'a type of which two resources are granted',
      [playlist(), playlist({ identifier: 'morning', parts: [] })],
      [{ type: 'playlist' }],
      AMBIGUOUS,
    ],
    [
      'a resource that two grants cover differently',
      [playlist(), ANY],
      [{ type: 'playlist', identifier: 'evening' }],
      AMBIGUOUS,
    ],
    [
      'a resource that two grants cover, one with a limit',
      [playlist(), playlist({ volume: 5 })],
      [playlist()],
      AMBIGUOUS,
    ],
    ['the same detail in two forms', [playlist()], [{ type: 'playlist' }, playlist()], REPEATED],
    ['the same detail in the same form', [playlist()], [playlist(), playlist()], MALFORMED],
  ]
  test.each(cases)('refuses %s', async (_, granted, asked, expected) => {
    await expectRefusal(await request(await holding(...granted), asked), expected)
  })

  const nested = '['.repeat(MAX_JSON_DEPTH) + ']'.repeat(MAX_JSON_DEPTH)
  test.each([
    'null',
    '{}',
    '""',
    '1',
    'true',
    'x',
    '[',
    '[{]',
    '[{"type":"playlist"}',
    '[,]',
    '[null]',
    '[[]]',
    '["playlist"]',
    '[{}]',
    '[{"identifier":"evening"}]',
    '{"type":"playlist"}',
    '[{"type":""}]',
    '[{"type":"*"}]',
    '[{"type":1}]',
    '[{"type":["playlist"]}]',
    "[{'type':'x'}]",
    '[{"type":"playlist","type":"playlist"}]',
    String.raw`[{"type":"playlist","\u0074ype":"playlist"}]`,
    '[{"type":"playlist","actions":["play"],"actions":["play","skip"]}]',
    '[{"type":"playlist","__proto__":{"actions":"*"}}]',
    '[{"type":"playlist","a b":1}]',
    ...['null', '{}', '{"a":1}', '[[]]', '[{}]', '[null]', 'NaN', '1e999', '""', nested].map(
      (value) => `[{"type":"playlist","volume":${value}}]`,
    ),
    ...['"play"', '["*"]', '["play","*"]', '["play","play"]', '[1]', 'true'].map(
      (value) => `[{"type":"playlist","actions":${value}}]`,
    ),
    ...['["evening"]', '1', '""', '[]'].map(
      (value) => `[{"type":"playlist","identifier":${value}}]`,
    ),
    '[{"type":"tool_run","identifier":"x","project_id":"*"}]',
    `[${Array.from({ length: MAX_DETAILS + 1 }, (_, i) => `{"type":"tool_run","identifier":"${i}"}`).join()}]`,
  ])('refuses the malformed value %s', async (details) => {
    await expectRefusal(await request(client, details), MALFORMED)
  })

  let client: ClientCredentials
  beforeAll(async () => {
    client = await holding(playlist({ volume: 5 }), RUN)
  })

  test('refuses a repeated authorization_details parameter', async () => {
    const details: [string, string] = ['authorization_details', '[]']
    const form: [string, string][] = [['grant_type', 'client_credentials'], details, details]
    const response = await server.post('/oauth/token', form, { basic: client })
    await expectRefusal(response, [400, 'invalid_request', 'parameter_repeated'])
  })

  test('refuses details that make the token longer than MAX_TOKEN_BYTES', async () => {
    const actions = Array.from({ length: 400 }, (_, i) => `an-action-that-is-long-${i}`)
    const verbose = await holding({ ...RUN, identifier: 'run-7', actions })
    const answer = await request(verbose, [{ type: 'tool_run' }])
    await expectRefusal(answer, [400, 'invalid_authorization_details', 'details_too_long'])
    const less = await request(verbose, [{ type: 'tool_run', actions: actions.slice(0, 100) }])
    const { access_token: token } = (await less.json()) as Answer
    expect(token.length).toBeLessThanOrEqual(MAX_TOKEN_BYTES)
  })

  test('hides the value of a member that is named like a secret', async () => {
    server.lines.length = 0
    const response = await request(client, [{ type: 'playlist', secret_thing: 'a-value' }])
    const shown = (await response.text()) + JSON.stringify(server.lines)
    expect(server.lines.length).toBeGreaterThan(0)
    expect(shown).toContain('playlist secret_thing.')
    expect(shown).not.toContain('a-value')
  })

  test.each([
    [{ type: 'room', identifier: 'hall' }, ': room.'],
    [{ type: 'playlist', identifier: 'morning' }, ': playlist=morning.'],
    [{ type: 'playlist', parts: ['zone-a', 'zone-c', 'z'] }, ': playlist parts=zone-c parts=z.'],
    [{ type: 'playlist', identifier: 'evening', parts: '*' }, ': playlist=evening parts=*.'],
    [{ type: 'playlist', volume: 6 }, ': playlist volume=6.'],
    [{ type: 'playlist', colour: 'red' }, ': playlist colour=red.'],
    [{ type: 'playlist', actions: [], loud: [] }, ': playlist loud.'],
    [
      { type: 'playlist', identifier: 'evening', Parts: ['zone-a'] },
      'The member Parts of playlist=evening is not known; send parts.',
    ],
    [
      { type: 'playlist', identifiers: ['evening'] },
      'The member identifiers of playlist is not known; send identifier.',
    ],
    [{ type: 'playlist', part: 'zone-a' }, 'The member part of playlist is not known; send parts.'],
    [{ ...RUN, identifier: 'x', locations: ['/v1/a', '/v9'] }, ': tool_run=x locations=/v1/a'],
    [
      { ...RUN, identifier: 'x', Project_ID: 'p' },
      'Project_ID of tool_run=x is not known; send project_id',
    ],
  ])('names %j in the refusal and in the log line', async (entry, named) => {
    server.lines.length = 0
    const response = await request(client, [{ ...playlist(), volume: 5 }, entry])
    const { error_description: description } = (await response.json()) as Record<string, string>
    expect(description).toContain(named)
    expect(description).not.toMatch(/zone-a|evening(?!\.| )/)
    expect(server.lines.at(-1)?.['detail']).toBe(description)
  })
})

describe('grant of any resource', () => {
  test.each([
    ['a resource that does not exist', { identifier: 'nope' }],
    ['a resource of another workspace', { identifier: 'night' }],
    ['a resource of another type', { identifier: 'hall' }],
    ['a resource id in capitals', { identifier: 'EVENING' }],
    ['a path as resource id', { identifier: '../evening' }],
    ['a part that does not exist', { identifier: 'evening', parts: ['zone-x'] }],
    ['a part of another resource', { identifier: 'evening', parts: ['zone-a', 'zone-c'] }],
  ])('does not cover %s', async (_, members) => {
    const client = await holding(ANY)
    await expectRefusal(await request(client, [{ type: 'playlist', ...members }]), NOT_GRANTED)
  })

  test.each([{}, { identifier: '*' }, { parts: ['zone-a'] }])(
    'is refused with resource_not_named when a resource server compares ids: %j',
    async (members) => {
      const answer = await request(await holding(ANY), [{ type: 'playlist', ...members }])
      const code = 'resource_not_named'
      await expectRefusal(answer, [400, 'invalid_authorization_details', code])
    },
  )

  test('hides whether a resource exists in another workspace', async () => {
    const client = await holding(ANY, playlist({ identifier: 'morning', actions: [], parts: '*' }))
    const answer = async (identifier: string, parts: DetailValue = '*') => {
      const asked = [{ type: 'playlist', identifier, actions: [], parts }]
      const seen = await visible(await request(client, asked))
      return { ...seen, body: seen.body.replace(identifier, 'IDENTIFIER') }
    }
    expect(await answer('night')).toEqual(await answer('nope'))
    expect(await answer('night', ['zone-a'])).toEqual(await answer('nope', ['zone-a']))
  })

  test('covers no resource for an administrator outside every workspace', async () => {
    const details = [{ ...RUN, identifier: 'run-7' }]
    const client = await server.client({ workspaceId: null, grants: { docs: ['read'] }, details })
    expect(await given(client, [{ type: 'tool_run' }])).toEqual(details)
    // SQL writes the row: no store verb grants a resource to a client outside every workspace.
    server.sql(`insert into client_details values ('${client.id}', 1, 'playlist', '*',
      '${JSON.stringify(ANY)}')`)
    const asked = [{ type: 'playlist', identifier: 'evening' }]
    await expectRefusal(await request(client, asked), NOT_GRANTED)
  })

  test('covers a resource from its creation and a part until its removal', async () => {
    const client = await holding(ANY)
    const asked = [{ type: 'playlist', identifier: 'noon', parts: ['x'] }]
    await expectRefusal(await request(client, asked), NOT_GRANTED)
    await resource('noon', ['x', 'y'])
    expect(await given(client, asked)).toEqual([{ ...ANY, ...asked[0] }])
    const noon = await server.store.findResource('playlist', 'noon')
    if (noon) await server.store.updateResource(noon, ['y'], server.seconds())
    await expectRefusal(await request(client, asked), NOT_GRANTED)
  })
})

describe('metadata', () => {
  let own: TestServer
  beforeEach(async () => {
    own = await startServer()
  })

  test('lists tool_run and the types of the registry', async () => {
    const types = async (): Promise<unknown> => {
      const response = await own.request('/.well-known/oauth-authorization-server')
      const metadata = (await response.json()) as Record<string, unknown>
      return metadata['authorization_details_types_supported']
    }
    const create = (type: string, id: string) =>
      own.store.createResource({ type, id, workspaceId: 'default', parts: [] }, own.seconds())
    expect(await types()).toEqual(['tool_run'])
    await create('room', 'hall')
    await create('playlist', 'evening')
    await create('playlist', 'morning')
    expect(await types()).toEqual(['tool_run', 'playlist', 'room'])
    const hall = await own.store.findResource('room', 'hall')
    if (hall) await own.store.deleteResource(hall, own.seconds())
    expect(await types()).toEqual(['tool_run', 'playlist'])
  })
})
