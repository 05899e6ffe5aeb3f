// Examples of the reference beside a real server: the server gets the example of each request, and gives the
// example of its answer.
import { describe, expect, test } from 'vitest'
import { ENDPOINTS } from '../../src/admin/api/table.ts'
import { openApiDocument, operationId } from '../../src/admin/reference/openapi-document.ts'
import { type Operation, operationsOf } from '../../src/admin/reference/paths.ts'
import { live } from '../support/clock.ts'
import {
  CLIENT_ID,
  type Case,
  type World,
  closeRun,
  done,
  issueForRun,
  issueLater,
  logIn,
  now,
  revokeLater,
  startWorld,
} from '../support/example-world.ts'
import { ISSUER } from '../support/server.ts'

const PLUGIN = ['plugin'] as const
const REGISTRY = ['workspace', 'audience', 'plugin', 'resource'] as const
const CLIENT = [...REGISTRY, 'client'] as const
const ENROLLMENT = [...REGISTRY, 'enrollment'] as const
const LATER = '2026-03-02T11:00:00Z'

/** Requests and the records that each of them needs. */
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
  enrollmentRevoke: { has: ENROLLMENT, at: '2026-03-01T09:10:00Z' },
  changeRehearse: { has: CLIENT },
  runRevoke: { has: CLIENT, before: issueForRun },
  tokenRevoke: { has: CLIENT },
  keyRotate: { has: [], at: LATER },
  keyRevoke: { has: [], at: LATER },
  keyRevokeAll: { has: [], at: LATER },

  workspaceList: { has: ['workspace'] },
  workspaceShow: { has: ['workspace'] },
  audienceList: { has: ['audience'] },
  audienceShow: { has: ['audience'] },
  pluginList: { has: PLUGIN },
  pluginShow: { has: PLUGIN },
  resourceList: { has: REGISTRY },
  resourceShow: { has: REGISTRY },
  clientList: { has: CLIENT, before: logIn },
  clientShow: { has: CLIENT },
  clientShowDetails: { has: CLIENT },
  secretList: { has: CLIENT, before: logIn },
  secretShow: { has: CLIENT, before: logIn },
  enrollmentList: { has: ENROLLMENT },
  enrollmentShow: { has: ENROLLMENT },
  runList: { has: ['workspace'], before: closeRun },
  runShow: { has: ['workspace'], before: closeRun },
  tokenList: { has: CLIENT, before: issueLater },
  tokenShow: { has: CLIENT, before: issueLater },
  tokenInspect: { has: CLIENT, before: revokeLater },
  revocationList: { has: CLIENT, before: revokeLater },
  revocationShow: { has: CLIENT, before: revokeLater },
  keyList: { has: [] },
  keyShow: { has: [] },
}

/** Operations whose answer describes a server that has run for weeks. */
const OF_A_RUNNING_SERVER = ['auditExport', 'auditList', 'auditShow', 'auditVerify', 'statusShow']

const document = openApiDocument(ISSUER)
const operations = operationsOf(document)

const mediaOf = (holder: unknown): { example?: unknown } | undefined =>
  Object.values((holder as { content?: Record<string, { example?: unknown }> })?.content ?? {})[0]

const operationOf = (id: string): Operation => {
  const found = operations.find((operation) => operation.operationId === id)
  if (found === undefined) throw new Error(`${id} is not in the document`)
  return found
}

/** Replaces values of the examples that only a running server has: a key, a token and its id, the number of a rule. */
const withOwnValues = async (text: string, world: World): Promise<string> => {
  const { server, token } = world
  const keys = await server.store.listKeys()
  const active = keys.find(({ state }) => state === 'active')?.kid ?? ''
  const { seq } = await server.store.findRevocationHead()
  const withKey = text
    .replace('sQ0l5mVhJ3rXnB8cT2yZ4w', active)
    .replace('0kK3xT9vQe2mZrY7aWcB1g', world.issued?.jti ?? '')
    .replace('1241', String(seq))
  return withKey.includes('eyJ')
    ? withKey.replace(/eyJ[^"]*/, world.issued?.token ?? (await token()))
    : withKey
}

const pathOf = ({ path, parameters = [] }: Operation): string =>
  (parameters as { in: string; name: string; example?: string | number }[])
    .filter(({ example }) => example !== undefined)
    .reduce(
      (known, { in: place, name, example }) =>
        place === 'query'
          ? `${known}?${name}=${example}`
          : known.replace(`{${name}}`, String(example)),
      path,
    )

/** Random values by their form. A sample and a value of the server have the same one. */
const FORMS: readonly (readonly [member: string, form: RegExp])[] = [
  ['client_id', /^lkc_[\w-]{22}$/],
  ['created_by', /^(client:)?lkc_[\w-]{22}$/],
  ['secret_id', /^secret_[\w-]{22}$/],
  ['enrollment_id', /^enrollment_[\w-]{22}$/],
  ['client_secret', /^lks_[\w-]{43}$/],
  ['enrollment_token', /^lke_[\w-]{43}$/],
  ['hint', /^[\w-]{4}$/],
  ['etag', /^[\w-]{8,}$/],
  ['jti', /^[\w-]{22}$/],
  ['value', /^[\w-]{22}$/],
  ['iss', /^https:/],
  ['workspace_ref', /^[\w-]+$/],
  ['seq', /^\d+$/],
  ['request_id', /^[\w-]{8,}$/],
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
      return form !== undefined && form.test(String(member)) ? `a ${name}` : member
    }),
  )

test('examples are sent for every operation but those of a server that has run for weeks', () => {
  const ids = ENDPOINTS.map(operationId)
  expect(ids.length).toBeGreaterThan(50)
  expect([...Object.keys(CASES), ...OF_A_RUNNING_SERVER].toSorted()).toEqual(ids.toSorted())
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
    const given = (await answer.json()) as { items?: unknown[] }
    const example = mediaOf(documented)?.example as { items?: unknown[] }
    if (!id.endsWith('List')) expect(byForm(given)).toEqual(byForm(example))
    // The server has rows of its own, such as the audience of administration.
    else
      for (const item of example.items ?? [])
        expect(byForm(given.items)).toContainEqual(byForm(item))
  })
})
