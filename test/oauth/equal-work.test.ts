// Refused credentials cost the same work for every cause: the same calls of the store, the same
// statements of the database, the same comparisons, log lines and counted events.
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createEnrollment, revokeEnrollment } from '../../src/admin/enrollments.ts'
import { disablePlugin } from '../../src/admin/plugins.ts'
import { equalInConstantTime } from '../../src/secret.ts'
import type { Store } from '../../src/store/store.ts'
import { GOOD_FORMS } from '../support/addresses.ts'
import { adminOf } from '../support/admin.ts'
import type { ClientCredentials } from '../support/records.ts'
import { type TestServer, startServer } from '../support/server.ts'
import { watchStatements } from '../support/statements.ts'

vi.mock('../../src/secret.ts', { spy: true })
const comparisons = vi.mocked(equalInConstantTime)

const WRONG = 'x'.repeat(43)
const UNKNOWN_ID = `lkc_${'x'.repeat(22)}`

/** A credential and the client that it is presented for. */
type Presented = { id: string; text: string }

let server: TestServer
const logins: Record<string, ClientCredentials> = {}
const registrations: Record<string, Presented> = {}
const enrollments: Record<string, string> = {}

const enroll = async (workspace_id = 'default', plugins: string[] = []) =>
  await createEnrollment(adminOf(server), {
    workspace_id,
    plugins,
    grants: [{ audience: 'docs', permissions: ['read'] }],
  })

const register = (token: string) =>
  server.request('/oauth/register', {
    method: 'POST',
    body: JSON.stringify({ client_name: 'Daemon' }),
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
  })

const registered = async (workspaceId?: string): Promise<Presented> => {
  const { enrollment_token: token } = await enroll(workspaceId)
  const body = (await (await register(token)).json()) as Record<string, unknown>
  return { id: String(body['client_id']), text: String(body['registration_access_token']) }
}

const makeLogins = async () => {
  const make = (more = {}) => server.client({ grants: { docs: ['read'] }, ...more })
  const active = await make()
  const many = await make()
  for (let i = 0; i < 4; i++) await server.addSecret(many.id)
  const [disabled, deleted, suspended] = [
    await make(),
    await make(),
    await make({ workspaceId: 'closed' }),
  ]
  const expired = await make({ secretExpiresAt: server.seconds() })
  const revoked = await make()
  const [secret] = await server.store.listSecrets(revoked.id, server.seconds())
  await server.store.revokeSecret(revoked.id, secret?.id ?? '', server.seconds())
  await server.setStatus(disabled.id, 'disabled')
  await server.deleteClient(deleted.id)
  const wrong = `lks_${WRONG}`
  Object.assign(logins, {
    'unknown client': { id: UNKNOWN_ID, secret: wrong },
    'wrong secret': { ...active, secret: wrong },
    'wrong secret of a client with 5': { ...many, secret: wrong },
    'secret of another client': { ...active, secret: many.secret },
    'secret of a client, for an unknown id': { ...active, id: UNKNOWN_ID },
    'disabled client': disabled,
    'disabled client, wrong secret': { ...disabled, secret: wrong },
    'deleted client': deleted,
    'suspended workspace': suspended,
    'suspended workspace, wrong secret': { ...suspended, secret: wrong },
    'expired secret': expired,
    'revoked secret': revoked,
  })
}

const makeRegistrations = async () => {
  const active = await registered()
  const [other, disabled, deleted] = [await registered(), await registered(), await registered()]
  const suspended = await registered('closed')
  await server.setStatus(disabled.id, 'disabled')
  await server.deleteClient(deleted.id)
  const text = `lkr_${WRONG}`
  Object.assign(registrations, {
    'unknown client': { id: UNKNOWN_ID, text },
    'wrong token': { ...active, text },
    'token of another client': { ...active, text: other.text },
    'token of a client, for an unknown id': { ...active, id: UNKNOWN_ID },
    'client without a token': { ...(await server.client({})), text },
    'disabled client': disabled,
    'deleted client': deleted,
    'suspended workspace': suspended,
  })
}

const makeEnrollments = async () => {
  const [used, revoked, suspended] = [await enroll(), await enroll(), await enroll('closed')]
  await register(used.enrollment_token)
  await revokeEnrollment(adminOf(server), revoked.enrollment_id)
  const expired = await enroll()
  server.sql(
    `update enrollments set expires_at = ${server.seconds()} where id = '${expired.enrollment_id}'`,
  )
  await server.plugin('off')
  const disabled = await enroll('default', ['off'])
  await disablePlugin(adminOf(server), 'off')
  Object.assign(enrollments, {
    unknown: `lke_${WRONG}`,
    used: used.enrollment_token,
    revoked: revoked.enrollment_token,
    expired: expired.enrollment_token,
    'suspended workspace': suspended.enrollment_token,
    'disabled plugin': disabled.enrollment_token,
  })
}

beforeAll(async () => {
  server = await startServer()
  await server.audience('docs', ['read'])
  await server.workspace('closed')
  await makeLogins()
  await makeRegistrations()
  await makeEnrollments()
  await server.setWorkspaceStatus('closed', 'suspended')
})

/** Verbs of the store, in the order of their calls. */
let calls: string[] = []
beforeEach(() => {
  for (const [verb, real] of Object.entries(server.store) as [keyof Store, () => unknown][]) {
    const counted = (...given: []) => {
      calls.push(verb)
      return real(...given)
    }
    Object.assign(server.deps.store, { [verb]: counted })
  }
})
afterEach(() => {
  server.heal()
  vi.restoreAllMocks()
})

/** Texts of the statements that better-sqlite3 executes, until `stop`. */
const recordStatements = () => {
  const texts: string[] = []
  return { texts, stop: watchStatements(({ source }) => texts.push(source)) }
}

/** Measures the work of a refused request. */
const workOf = async (ask: () => Promise<Response>) => {
  const statements = recordStatements()
  calls = []
  comparisons.mockClear()
  const [lines, events] = [server.lines.length, server.events.length]
  expect((await ask()).status).toBe(401)
  const work = {
    calls: [...calls],
    statements: statements.texts,
    comparisons: comparisons.mock.calls.length,
    lines: server.lines.slice(lines).map(({ level, msg }) => [level, msg]),
    events: server.events.slice(events).map(({ action, outcome }) => [action, outcome]),
  }
  statements.stop()
  expect(work.statements).not.toEqual([])
  return work
}

/**
 * Sends each case twice, so that only warm requests count, and expects equal work for all cases.
 */
const expectEqualWork = async <T>(
  cases: Record<string, T>,
  ask: (one: T) => Promise<Response>,
  expected: { calls: string[]; comparisons: number },
) => {
  expect(Object.keys(cases).length).toBeGreaterThan(4)
  const works: [string, unknown][] = []
  for (const [name, one] of Object.entries(cases)) {
    await ask(one)
    works.push([name, await workOf(() => ask(one))])
  }
  const [first] = works
  expect(first?.[1]).toMatchObject(expected)
  expect(works).toEqual(works.map(([name]) => [name, first?.[1]]))
}

describe('refused credentials', () => {
  test.each<[path: string, form: Record<string, string>]>([
    ...Object.entries(GOOD_FORMS),
    ['/oauth/token', { grant_type: 'client_credentials', audience: 'latchkey' }],
  ])('cost the same work at %s with %o', async (path, form) => {
    const ask = (basic: ClientCredentials) => server.post(path, form, { basic })
    await expectEqualWork(logins, ask, {
      calls: ['findLogin', 'explainRefusal'],
      comparisons: 1,
    })
  })

  test.each(['GET', 'PUT', 'DELETE'])(
    'cost the same work at %s /oauth/register/:client_id',
    async (method) => {
      const ask = ({ id, text }: Presented) =>
        server.request(`/oauth/register/${id}`, {
          method,
          headers: { Authorization: `Bearer ${text}` },
        })
      const expected = { calls: ['findRegistrationHash', 'explainRefusal'], comparisons: 1 }
      await expectEqualWork(registrations, ask, expected)
    },
  )

  test('cost the same work at /oauth/register', async () => {
    await expectEqualWork(enrollments, register, {
      calls: ['findEnrollmentByHash', 'findWorkspace', 'findGrantedClient', 'listPlugins'],
      comparisons: 0,
    })
  })
})

test.each([
  ['client_secrets', 'hash', 'client_secrets_hash'],
  ['clients', 'registration_hash', 'clients_registration_hash'],
])('search of %s by %s uses an index', (table, column, index) => {
  const plan = server.query(`explain query plan select id from ${table} where ${column} = 'x'`)
  expect(JSON.stringify(plan)).toContain(index)
})

test('the statements of a refused login scan no table, and sort nothing', async () => {
  const statements = recordStatements()
  await server.requestToken({}, { basic: logins['wrong secret'] as ClientCredentials })
  statements.stop()
  const texts = statements.texts.filter((text) => text.startsWith('select'))
  expect(texts).toHaveLength(2)
  const plans = texts.flatMap((text) =>
    server.query(`explain query plan ${text.replaceAll('?', "'x'")}`).map((row) => row['detail']),
  )
  expect(plans.length).toBeGreaterThan(4)
  expect(plans.filter((step) => /scan|temp|automatic/i.test(String(step)))).toEqual([])
  expect(plans.filter((step) => /client_secrets_hash/.test(String(step)))).toHaveLength(2)
})
