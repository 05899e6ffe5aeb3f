// The admin API and hidden characters: no text field takes one, and rows of earlier versions are sent escaped.
import { beforeAll, describe, expect, it } from 'vitest'
import { ENDPOINTS } from '../../src/admin/api/table.ts'
import { type AdminApi, startAdminApi } from '../support/admin-api.ts'
import { HIDDEN_POINTS, expectNothingHidden, named } from '../support/hidden-text.ts'

let api: AdminApi
beforeAll(async () => {
  api = await startAdminApi()
})

/** Where a body holds text: each member, with the elements of lists and the members of objects in them. */
const HIDDEN = 'a\u202eb'
const inPlace = (path: readonly string[], value: unknown): unknown =>
  path.reduceRight<unknown>((inner, part) => (part === '[]' ? [inner] : { [part]: inner }), value)

const WORDS: Record<string, readonly (readonly string[])[]> = {
  grants: [
    ['[]', 'audience'],
    ['[]', 'permissions', '[]'],
  ],
  permissions: [['[]', 'name'], ['[]', 'implies', '[]'], ['[]']],
}
const places = (member: string): readonly (readonly string[])[] => [
  [],
  ['[]'],
  ['[]', 'type'],
  ...(WORDS[member] ?? []),
]

/** A token is compared, never stored or shown. */
const NOT_SHOWN = ['token.revoke']

const FIELDS = ENDPOINTS.filter(({ action }) => !NOT_SHOWN.includes(action)).flatMap(
  ({ action, body }) =>
    Object.entries(body?.shape ?? {}).map(([member, schema]) => ({ action, member, schema })),
)

describe('no field of a request', () => {
  it.each(FIELDS)('$action takes a hidden character in $member', ({ member, schema }) => {
    const taken = places(member).filter(
      (path) =>
        (schema as { safeParse(v: unknown): { success: boolean } }).safeParse(inPlace(path, HIDDEN))
          .success,
    )
    expect(taken).toEqual([])
  })

  it('is missed: names are among the fields', () => {
    expect(FIELDS.filter(({ member }) => member === 'name').length).toBeGreaterThan(5)
  })
})

type Schema = { safeParse(value: unknown): { success: boolean } }

/** A cursor is decoded, and never shown. */
const FILTERS = ENDPOINTS.flatMap(({ action, query }) =>
  Object.entries(query?.shape ?? {}).map(([member, schema]) => ({
    action,
    member,
    schema: schema as Schema,
  })),
).filter(({ member }) => member !== 'cursor')

describe('no filter of a list', () => {
  it.each(FILTERS)('$action takes a hidden character in $member', ({ schema }) => {
    const taken = HIDDEN_POINTS.filter(
      (point) => schema.safeParse(`a${String.fromCodePoint(point)}b`).success,
    )
    expect(taken.map(named)).toEqual([])
  })

  it('is missed: those of the audit are among them', () => {
    const ofAudit = FILTERS.filter(({ action }) => action === 'audit.list')
    expect(ofAudit.map(({ member }) => member)).toEqual(
      expect.arrayContaining(['actor', 'action', 'target', 'request_id']),
    )
  })

  it('of the audit takes one: the answer names the field and the code point, never the text', async () => {
    const token = await api.tokenOf(api.callers.unbound)
    for (const path of ['/audit', '/audit/export']) {
      for (const field of ['actor', 'action', 'target', 'request_id']) {
        const query = new URLSearchParams({ [field]: 'cli:\u202eme' }).toString()
        const answer = await api.callWith(token, 'GET', `${path}?${query}`)
        expect(answer.status, answer.text).toBe(422)
        const detail = 'must have no control or invisible character (U+202E)'
        expect(answer.body['errors']).toEqual([{ field, detail }])
        expectNothingHidden(answer.text)
      }
    }
  })
})

const NAMED: [string, string, object][] = [
  ['POST', '/workspaces', { id: 'w1' }],
  ['POST', '/plugins', { id: 'q1' }],
  ['POST', '/clients', {}],
  ['POST', '/enrollments', {}],
  ['PATCH', '/workspaces/acme', {}],
  ['PATCH', '/plugins/p-acme', {}],
]

it.each(NAMED)(
  '%s %s names the field and the code point, never the text',
  async (method, path, body) => {
    const headers = method === 'PATCH' ? await api.ifMatch(path) : {}
    const token = await api.tokenOf(api.callers.unbound)
    for (const point of HIDDEN_POINTS) {
      const name = `Ac${String.fromCodePoint(point)}me`
      const answer = await api.callWith(token, method, path, { ...body, name }, headers)
      expect(answer.status, answer.text).toBe(422)
      const detail = `must have no control or invisible character (${named(point)})`
      expect(answer.body['errors']).toEqual([{ field: 'name', detail }])
      expectNothingHidden(answer.text)
    }
  },
)

const OLD = HIDDEN_POINTS.filter((point) => point !== 0)
  .map((point) => `x${String.fromCodePoint(point)}`)
  .join('')

describe('rows of earlier versions', () => {
  let clientId: string
  beforeAll(async () => {
    const { server } = api
    const details = [
      {
        type: 'tool_run',
        identifier: OLD,
        project_id: OLD,
        locations: '*' as const,
        actions: '*' as const,
      },
    ]
    ;({ id: clientId } = await server.client({ name: OLD, details }))
    await server.plugin('old', { name: OLD })
    await server.store.addAuditEvents(
      [{ actor: OLD, action: OLD, target: OLD, outcome: 'success', count: 1 }],
      server.seconds(),
    )
  })

  it.each([
    ['/clients?limit=1000', 'items'],
    ['/clients/CLIENT', 'name'],
    ['/plugins?limit=1000', 'items'],
    ['/plugins/old', 'name'],
    ['/audit?limit=1000', 'items'],
    ['/audit/export', ''],
  ])('%s', async (path) => {
    const token = await api.tokenOf(api.callers.unbound)
    const { status, text } = await api.callWith(token, 'GET', path.replace('CLIENT', clientId))
    expect(status, text).toBe(200)
    expectNothingHidden(text)
    expect(text).toContain('\\u202e')
    const [line = ''] = text.split('\n').filter((one) => one.includes('\\u202e'))
    expect(JSON.stringify(JSON.parse(line))).toContain(JSON.stringify(OLD).slice(1, -1))
  })
})
