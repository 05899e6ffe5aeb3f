// Hidden characters in the admin API: no text field accepts one, and rows of earlier versions are
// escaped.
import { beforeAll, describe, expect, it } from 'vitest'
import { ENDPOINTS } from '../../src/admin/api/table.ts'
import { type AdminApi, startAdminApi } from '../support/admin-api.ts'
import { HIDDEN_POINTS, expectNothingHidden, named } from '../support/hidden-text.ts'

let api: AdminApi
beforeAll(async () => {
  api = await startAdminApi()
})

/** Places of text in a body: each member, elements of lists and members of objects in them. */
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

/** A token is compared, and never stored or shown. */
const NOT_SHOWN = ['token.revoke', 'token.inspect']

const FIELDS = ENDPOINTS.filter(({ action }) => !NOT_SHOWN.includes(action)).flatMap(
  ({ action, body }) =>
    Object.entries(body?.shape ?? {}).map(([member, schema]) => ({ action, member, schema })),
)

describe('field of a request', () => {
  it.each(FIELDS)(
    'is refused with a hidden character: $member of $action',
    ({ member, schema }) => {
      const taken = places(member).filter(
        (path) =>
          (schema as { safeParse(v: unknown): { success: boolean } }).safeParse(
            inPlace(path, HIDDEN),
          ).success,
      )
      expect(taken).toEqual([])
    },
  )

  it('is a name in several actions', () => {
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

describe('filter of a list', () => {
  it.each(FILTERS)('is refused with a hidden character: $member of $action', ({ schema }) => {
    const taken = HIDDEN_POINTS.filter(
      (point) => schema.safeParse(`a${String.fromCodePoint(point)}b`).success,
    )
    expect(taken.map(named)).toEqual([])
  })

  it('is tested for audit.list too', () => {
    const ofAudit = FILTERS.filter(({ action }) => action === 'audit.list')
    expect(ofAudit.map(({ member }) => member)).toEqual(
      expect.arrayContaining(['actor', 'action', 'target', 'request_id']),
    )
  })

  it('is refused in the audit with the field and the code point, and without the text', async () => {
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
  'refusal of %s %s has the field and the code point, and not the text',
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

describe('row of an earlier version', () => {
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
  ])('is escaped in %s', async (path) => {
    const token = await api.tokenOf(api.callers.unbound)
    const { status, text } = await api.callWith(token, 'GET', path.replace('CLIENT', clientId))
    expect(status, text).toBe(200)
    expectNothingHidden(text)
    expect(text).toContain('\\u202e')
    const [line = ''] = text.split('\n').filter((one) => one.includes('\\u202e'))
    expect(JSON.stringify(JSON.parse(line))).toContain(JSON.stringify(OLD).slice(1, -1))
  })
})
