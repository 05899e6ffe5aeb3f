// Conflicts: two administrators change the same record; one succeeds, the other is refused, and no
// change is lost.
import { afterEach, describe, expect, it } from 'vitest'
import { MIN_TOKEN_TTL_SECONDS } from '../../src/constants.ts'
import { type Answer, expectProblem, startAdminApi } from '../support/admin-api.ts'

const api = await startAdminApi()
const { server, callers } = api
const first = callers.unbound
const second = {
  ...first,
  client: await server.client({ workspaceId: null, grants: { latchkey: ['admin:write'] } }),
}

afterEach(() => server.heal())

const makeClient = async (): Promise<string> => {
  const client = await server.client({ workspaceId: 'acme', grants: { docs: ['read'] } })
  return `/clients/${client.id}`
}

/** Changes by both administrators, of different members of one record. */
const CHANGES: readonly [
  noun: string,
  verb: Parameters<typeof api.readTogether>[0],
  path: () => Promise<string>,
  one: object,
  other: object,
][] = [
  ['a client', 'findClient', makeClient, { name: 'one' }, { token_ttl: MIN_TOKEN_TTL_SECONDS }],
  [
    'lists of a client',
    'findClient',
    makeClient,
    { plugins: ['p-acme'] },
    { introspects: ['docs'] },
  ],
  ['the same member of a client', 'findClient', makeClient, { grants: [] }, { grants: [] }],
  [
    'a plugin',
    'findPlugin',
    async () => '/plugins/p-acme',
    { name: 'one' },
    { capabilities: ['a'] },
  ],
  [
    'an audience',
    'findAudience',
    async () => '/audiences/docs',
    { token_ttl: MIN_TOKEN_TTL_SECONDS },
    { requires_plugin: true },
  ],
  [
    'a workspace',
    'findWorkspace',
    async () => '/workspaces/acme',
    { name: 'one' },
    { name: 'other' },
  ],
]

/** Expects that exactly one answer is a success. @returns its index */
const expectOneOf = (answers: readonly Answer[]): number => {
  const done = answers.findIndex(({ status }) => status === 200)
  for (const [i, answer] of answers.entries()) {
    if (i === done) continue
    expectProblem(answer, 412, 'conflict')
  }
  expect(done).not.toBe(-1)
  return done
}

/** Expects that all members but the changed ones are unchanged. */
const expectChanged = async (path: string, before: object, change: object): Promise<void> => {
  const { etag, generation: _, ...after } = await api.read(path)
  expect(after).toEqual({ ...withoutVersion(before), ...change })
  expect(etag).not.toBe((before as { etag: unknown }).etag)
}

const withoutVersion = (shown: object): object => {
  const { etag: _, generation: __, ...rest } = shown as Record<string, unknown>
  return rest
}

describe.each(CHANGES)('change of %s', (_, verb, pathOf, one, other) => {
  it('is refused after another change of the state that was read', async () => {
    const path = await pathOf()
    const before = await api.read(path)
    const read = await api.ifMatch(path)
    const answers = [
      await api.call(first, 'PATCH', path, one, read),
      await api.call(second, 'PATCH', path, other, read),
    ]
    expect(expectOneOf(answers)).toBe(0)
    await expectChanged(path, before, one)
    const again = await api.call(second, 'PATCH', path, other, await api.ifMatch(path))
    expect(again.status).toBe(200)
    await expectChanged(path, before, { ...one, ...other })
  })

  it('succeeds once among simultaneous changes', async () => {
    const path = await pathOf()
    const before = await api.read(path)
    const read = await api.ifMatch(path)
    const bodies = [one, other, one, other]
    api.readTogether(verb, bodies.length)
    const answers = await Promise.all(
      bodies.map((body, i) => api.call(i % 2 ? second : first, 'PATCH', path, body, read)),
    )
    await expectChanged(path, before, bodies[expectOneOf(answers)] ?? {})
  })

  it('is never overwritten by a simultaneous change with If-Match: *', async () => {
    const path = await pathOf()
    const anything = { 'If-Match': '*' }
    const before = await api.read(path)
    api.readTogether(verb, 2)
    const answers = await Promise.all([
      api.call(first, 'PATCH', path, one, anything),
      api.call(second, 'PATCH', path, one, anything),
    ])
    // `*` accepts any state, but a change that was decided from an older state is not written.
    for (const answer of answers) if (answer.status !== 200) expectProblem(answer, 412, 'conflict')
    expect(answers.some(({ status }) => status === 200)).toBe(true)
    await expectChanged(path, before, one)
  })
})

describe('change and deletion of a client', () => {
  const orders = [
    ['DELETE', 'PATCH'],
    ['PATCH', 'DELETE'],
  ] as const
  const bodyOf = (method: string) => (method === 'PATCH' ? { name: 'changed' } : undefined)

  it.each(orders)('conflict in the order %s, %s', async (one, other) => {
    const path = await makeClient()
    const read = await api.ifMatch(path)
    expect((await api.call(first, one, path, bodyOf(one), read)).status).toBe(200)
    const late = await api.call(second, other, path, bodyOf(other), read)
    if (one === 'DELETE') expectProblem(late, 404, 'not_found')
    else expectProblem(late, 412, 'conflict')
    const after = await api.call(first, 'GET', path)
    expect(after.status).toBe(one === 'DELETE' ? 404 : 200)
  })

  it.each(orders)('succeed once when they are simultaneous: %s and %s', async (one, other) => {
    const path = await makeClient()
    const read = await api.ifMatch(path)
    const methods = [one, other]
    api.readTogether('findClient', 2)
    const answers = await Promise.all(
      methods.map((method) => api.call(first, method, path, bodyOf(method), read)),
    )
    const done = answers.filter(({ status }) => status === 200)
    expect(done).toHaveLength(1)
    const refused = answers.find(({ status }) => status !== 200)
    expect(['conflict', 'not_found']).toContain(refused?.body['code'])
    const left = await api.call(first, 'GET', path)
    expect(left.status).toBe(done[0]?.body['status'] === 'deleted' ? 404 : 200)
  })

  it('succeed once for two deletions', async () => {
    const path = await makeClient()
    const read = await api.ifMatch(path)
    api.readTogether('findClient', 2)
    const answers = await Promise.all(
      [first, second].map((caller) => api.call(caller, 'DELETE', path, undefined, read)),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, expect.any(Number)])
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  it('conflict for a secret whose life another secret shortened', async () => {
    const path = await makeClient()
    const [secret] = await api.readAll(first, `${path}/secrets`)
    const own = `${path}/secrets/${String(secret?.['secret_id'])}`
    const read = await api.ifMatch(own)
    expect((await api.call(second, 'POST', `${path}/secrets`)).status).toBe(201)
    expectProblem(await api.call(first, 'DELETE', own, undefined, read), 412, 'conflict')
  })
})

describe('actions without If-Match', () => {
  it('all succeed', async () => {
    const path = await makeClient()
    const actions = ['disable', 'enable', 'revoke-tokens', 'revoke-tokens', 'disable', 'enable']
    const answers = await Promise.all(
      actions.map((action) => api.call(first, 'POST', `${path}/${action}`)),
    )
    expect(answers.map(({ status }) => status)).toEqual(actions.map(() => 200))
    expect(Number((await api.read(path))['generation'])).toBeGreaterThanOrEqual(4)
  })

  it('create an id once', async () => {
    for (const noun of ['plugins', 'audiences', 'workspaces']) {
      const answers = await Promise.all(
        [first, second, first].map((who) => api.call(who, 'POST', `/${noun}`, { id: 'once' })),
      )
      const statuses = answers.map(({ status }) => status)
      expect(statuses.toSorted()).toEqual([201, 409, 409])
    }
  })
})
