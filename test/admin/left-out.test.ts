// Members that a request leaves out: the server uses the values that the reference tells.
import { describe, expect, test } from 'vitest'
import { LEFT_OUT } from '../../src/admin/reference/left-out.ts'
import { CLIENT_ID, startWorld } from '../support/example-world.ts'

/** Requests with the required members alone, by the beginning of their keys in LEFT_OUT. */
const REQUESTS: readonly (readonly [schema: string, path: string, body: object])[] = [
  ['NewWorkspace', '/workspaces', { id: 'w' }],
  ['NewAudience', '/audiences', { id: 'a' }],
  ['NewPlugin', '/plugins', { id: 'p' }],
  ['NewClient', '/clients', { name: 'c' }],
  ['NewSecret', `/clients/${CLIENT_ID}/secrets`, {}],
  ['enrollmentCreate', '/enrollments', {}],
  ['resourceCreate', '/resources', { type: 'playlist', id: 'r', parts: [] }],
  ['RunRevocation', '/runs/run-1/revoke', {}],
]

const VALUES: Readonly<Record<string, unknown>> = {
  none: [],
  null: null,
  false: false,
  'null, or the value of the client of a bound administrator': null,
  'false, or the value of the client of a bound administrator': false,
  'that of the administrator, or `default`': 'default',
}

const valueOf = (text: string, { id, enrollment_id }: Record<string, unknown>): unknown => {
  if (text === 'the id') return id ?? enrollment_id
  return text in VALUES ? VALUES[text] : text.replaceAll('`', '')
}

describe.each(REQUESTS)('members that %s leaves out', (schema, path, body) => {
  test('have the value that the reference tells', async () => {
    const world = await startWorld(['workspace', 'audience', 'plugin', 'resource', 'client'])
    const answer = await world.call('POST', path, body)
    const given = (await answer.json()) as Record<string, unknown>
    expect(answer.status, JSON.stringify(given)).toBeLessThan(300)
    const told = Object.entries(LEFT_OUT)
      .map(([key, text]) => [key.split('.')[1] ?? '', key, text] as const)
      .filter(([member, key]) => key.startsWith(`${schema}.`) && member in given)
    expect(told.length).toBeGreaterThan(0)
    for (const [member, key, text] of told) expect(given[member], key).toEqual(valueOf(text, given))
  })
})

test('times that a request leaves out are those that the reference tells', async () => {
  const world = await startWorld(['workspace', 'audience', 'plugin', 'resource', 'client'])
  const now = world.server.seconds()
  await world.call('POST', '/enrollments', {})
  const [enrollment] = await world.server.store.listEnrollments({})
  expect(LEFT_OUT['enrollmentCreate.expires_in']).toBe(
    `${(enrollment?.expiresAt ?? 0) - now}, which is 15 minutes`,
  )
  await world.call('POST', `/clients/${CLIENT_ID}/secrets`, {})
  const secrets = await world.server.store.listSecrets(CLIENT_ID, now)
  const expiring = secrets.find(({ expiresAt }) => expiresAt !== null)
  expect(LEFT_OUT['NewSecret.previous_expires_in']).toBe(
    `${(expiring?.expiresAt ?? 0) - now}, which is 24 hours`,
  )
})
