// Examples of the reference beside a real server: the server gets the example of each request that changes something,
// and gives the example of its answer.
import { describe, expect, test } from 'vitest'
import { isRead } from '../../src/admin/api/endpoint.ts'
import { ENDPOINTS } from '../../src/admin/api/table.ts'
import { openApiDocument, operationId } from '../../src/admin/reference/openapi-document.ts'
import { type Operation, operationsOf } from '../../src/admin/reference/paths.ts'
import { live } from '../support/clock.ts'
import {
  CLIENT_ID,
  type Case,
  type World,
  done,
  issueForRun,
  now,
  startWorld,
} from '../support/example-world.ts'
import { ISSUER } from '../support/server.ts'

const PLUGIN = ['plugin'] as const
const REGISTRY = ['workspace', 'audience', 'plugin', 'resource'] as const
const CLIENT = [...REGISTRY, 'client'] as const
const LATER = '2026-03-02T11:00:00Z'

/** Requests that change something, and what each of them needs. */
const CASES: Readonly<Record<string, Case>> = {
  workspaceCreate: { has: [] },
  workspaceUpdate: { has: ['workspace'] },
  workspaceSuspend: { has: ['workspace'] },
  workspaceResume: { has: ['workspace'], before: done('/workspaces/acme/suspend') },
  audienceCreate: { has: [] },
  audienceUpdate: { has: ['audience'] },
  pluginCreate: { has: [] },
  pluginUpdate: { has: PLUGIN },
  pluginDelete: { has: PLUGIN },
  pluginDisable: { has: PLUGIN },
  pluginEnable: { has: PLUGIN, before: done('/plugins/slack-sync/disable') },
  pluginRevokeTokens: { has: PLUGIN },
  resourceCreate: { has: ['workspace'] },
  resourceUpdate: { has: REGISTRY },
  resourceDelete: { has: REGISTRY },
  clientCreate: { has: REGISTRY },
  clientUpdate: { has: CLIENT },
  clientDelete: { has: CLIENT },
  clientDisable: { has: CLIENT },
  clientEnable: { has: CLIENT, before: done(`/clients/${CLIENT_ID}/disable`) },
  clientRevokeTokens: { has: CLIENT },
  clientDetails: { has: CLIENT },
  secretAdd: { has: CLIENT },
  secretRevoke: { has: CLIENT },
  enrollmentCreate: { has: REGISTRY },
  enrollmentRevoke: { has: [...REGISTRY, 'enrollment'], at: '2026-03-01T09:10:00Z' },
  runRevoke: { has: CLIENT, before: issueForRun },
  tokenRevoke: { has: CLIENT },
  keyRotate: { has: [], at: LATER },
  keyRevoke: { has: [], at: LATER },
  keyRevokeAll: { has: [], at: LATER },
}

const document = openApiDocument(ISSUER)
const operations = operationsOf(document)

const mediaOf = (holder: unknown): { example?: unknown } | undefined =>
  Object.values((holder as { content?: Record<string, { example?: unknown }> })?.content ?? {})[0]

const operationOf = (id: string): Operation => {
  const found = operations.find((operation) => operation.operationId === id)
  if (found === undefined) throw new Error(`${id} is not in the document`)
  return found
}

/** Values of the examples that only a running server has: the key that signs, and a token. */
const withOwnValues = async (text: string, { server, token }: World): Promise<string> => {
  const keys = await server.store.listKeys()
  const active = keys.find(({ state }) => state === 'active')?.kid ?? ''
  const withKey = text.replace('sQ0l5mVhJ3rXnB8cT2yZ4w', active)
  return withKey.includes('eyJ') ? withKey.replace(/eyJ[^"]*/, await token()) : withKey
}

const pathOf = ({ path, parameters = [] }: Operation): string =>
  (parameters as { in: string; name: string; example?: string }[])
    .filter((parameter) => parameter.in === 'path')
    .reduce((known, { name, example = '' }) => known.replace(`{${name}}`, example), path)

/** Random values by their form. A sample and a value of the server have the same one. */
const FORMS: readonly (readonly [member: string, form: RegExp])[] = [
  ['client_id', /^lkc_[\w-]{22}$/],
  ['created_by', /^lkc_[\w-]{22}$/],
  ['secret_id', /^secret_[\w-]{22}$/],
  ['enrollment_id', /^enrollment_[\w-]{22}$/],
  ['client_secret', /^lks_[\w-]{43}$/],
  ['enrollment_token', /^lke_[\w-]{43}$/],
  ['hint', /^[\w-]{4}$/],
  ['etag', /^[\w-]{8,}$/],
  ['jti', /^[\w-]{22}$/],
  ['kid', /^[\w-]{22,43}$/],
  ['former_kid', /^[\w-]{22,43}$/],
]

/** Keys that are as old as each other are in the order of their random ids. */
const sorted = (members: readonly unknown[]): unknown[] =>
  members.toSorted((a, b) => stateOf(a).localeCompare(stateOf(b)))

const stateOf = (member: unknown): string => {
  const { created_at: created, state, activated_at: activated } = member as Record<string, unknown>
  return [created, state, activated].map(String).join(' ')
}

const byForm = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (name, member: unknown) => {
      if (name === 'items') return sorted(member as unknown[])
      const form = FORMS.find(([key]) => key === name)?.[1]
      return form !== undefined && typeof member === 'string' && form.test(member)
        ? `a ${name}`
        : member
    }),
  )

test('examples are sent for every operation that changes something', () => {
  const changing = ENDPOINTS.filter((endpoint) => !isRead(endpoint)).map(operationId)
  expect(changing.length).toBeGreaterThan(25)
  expect(Object.keys(CASES).toSorted()).toEqual(changing.toSorted())
})

describe.each(Object.entries(CASES))('example of %s', (id, sent) => {
  test('has the answer that the server gives', async () => {
    const { responses = {}, requestBody, method, ...operation } = operationOf(id)
    const world = await startWorld(sent.has)
    await sent.before?.(world)
    if (sent.at !== undefined) world.server.advance(Date.parse(sent.at) / 1000 - now(world))
    await live(world.server.store, now(world))
    const body = mediaOf(requestBody)?.example
    const [path, text] = await Promise.all([
      withOwnValues(pathOf({ method, ...operation }), world),
      withOwnValues(JSON.stringify(body ?? null), world),
    ])
    const answer = await world.call(
      method.toUpperCase(),
      path,
      body === undefined ? undefined : JSON.parse(text),
    )
    const documented = responses[String(answer.status)]
    const given = await answer.json()
    expect(byForm(given)).toEqual(byForm(mediaOf(documented)?.example))
  })
})
