// Limits of an operator: token lifetime, quota, ledger. A bound administrator can only tighten
// them, for every client that it creates or changes.
import { describe, expect, it, test } from 'vitest'
import { createClient, updateClient } from '../../src/admin/clients.ts'
import { MIN_TOKEN_TTL_SECONDS } from '../../src/constants.ts'
import { type Limits, loosened } from '../../src/grants/limits.ts'
import { adminOf } from '../support/admin.ts'
import { BOTH, type Caller, expectProblem, startAdminApi } from '../support/admin-api.ts'

const api = await startAdminApi()
const { server, callers } = api
const DEFAULT_TTL = server.deps.tokenTtlSeconds

const NONE: Limits = { tokenTtl: null, quotaPerMinute: null, ledger: false }
const ALL: Limits = { tokenTtl: 300, quotaPerMinute: 60, ledger: true }

type Fields = {
  token_ttl?: number | null
  quota_per_minute?: number | null
  ledger?: boolean
}

/**
 * Limits before, requested fields, and the refused field; null when the limits are tighter or
 * equal.
 */
const CASES: [before: Limits, said: Fields, refused: keyof Fields | null][] = [
  [NONE, {}, null],
  [NONE, { token_ttl: null, quota_per_minute: null, ledger: false }, null],
  [NONE, { token_ttl: MIN_TOKEN_TTL_SECONDS, quota_per_minute: 1, ledger: true }, null],
  [NONE, { token_ttl: DEFAULT_TTL, quota_per_minute: 1_000_000 }, null],
  [NONE, { token_ttl: DEFAULT_TTL + 1 }, 'token_ttl'],
  [NONE, { token_ttl: 86_400 }, 'token_ttl'],
  [ALL, {}, null],
  [ALL, { token_ttl: 300, quota_per_minute: 60, ledger: true }, null],
  [ALL, { token_ttl: MIN_TOKEN_TTL_SECONDS }, null],
  [ALL, { token_ttl: 301 }, 'token_ttl'],
  [ALL, { token_ttl: 86_400 }, 'token_ttl'],
  [ALL, { token_ttl: null }, 'token_ttl'],
  [ALL, { quota_per_minute: 1 }, null],
  [ALL, { quota_per_minute: 61 }, 'quota_per_minute'],
  [ALL, { quota_per_minute: null }, 'quota_per_minute'],
  [ALL, { ledger: false }, 'ledger'],
  [ALL, { token_ttl: MIN_TOKEN_TTL_SECONDS, quota_per_minute: 5, ledger: false }, 'ledger'],
  [{ ...NONE, tokenTtl: 3_600 }, { token_ttl: 3_599 }, null],
  [{ ...NONE, tokenTtl: 3_600 }, { token_ttl: 3_601 }, 'token_ttl'],
]

const limitsOf = ({ tokenTtl, quotaPerMinute, ledger }: Limits): Limits => ({
  tokenTtl,
  quotaPerMinute,
  ledger,
})
const said = (before: Limits, fields: Fields): Limits => ({
  tokenTtl: fields.token_ttl === undefined ? before.tokenTtl : fields.token_ttl,
  quotaPerMinute:
    fields.quota_per_minute === undefined ? before.quotaPerMinute : fields.quota_per_minute,
  ledger: fields.ledger ?? before.ledger,
})

/** Creates an administrator of `acme` whose own client has these limits. */
const boundWith = async (limits: Limits): Promise<Caller> => ({
  client: await server.client({
    workspaceId: 'acme',
    grants: { latchkey: BOTH, docs: ['write'] },
    plugins: ['p-acme'],
    ...limits,
  }),
  form: { audience: 'latchkey' },
})

const stored = async (id: unknown): Promise<Limits> => {
  const client = await server.store.findClient(String(id))
  if (client === null) throw new Error('no client')
  return limitsOf(client)
}

const patch = async (by: Caller, id: string, fields: Fields) => {
  const path = `/clients/${id}`
  return await api.call(by, 'PATCH', path, fields, await api.ifMatch(path))
}

test.each(CASES)('loosened finds the field from %j to %j: %s', (before, fields, refused) => {
  expect(loosened(before, said(before, fields), DEFAULT_TTL)).toBe(refused)
})

describe('bound administrator', () => {
  it.each(CASES)(
    'creates a client within its limits: %j and %j, refused %s',
    async (own, fields, refused) => {
      const by = await boundWith(own)
      const answer = await api.call(by, 'POST', '/clients', { name: 'second', ...fields })
      if (refused === null) {
        expect(answer.status, answer.text).toBe(201)
        expect(await stored(answer.body['client_id'])).toEqual(said(own, fields))
      } else {
        expectProblem(answer, 403, 'exceeds_own_grant')
        expect(answer.body).toMatchObject({ errors: [{ field: refused }] })
      }
    },
  )

  it.each(CASES)(
    'changes a client within its limits: %j to %j, refused %s',
    async (before, fields, refused) => {
      const { id } = await server.client({ workspaceId: 'acme', ...before })
      const answer = await patch(callers.bound, id, fields)
      if (refused !== null) expectProblem(answer, 403, 'exceeds_own_grant')
      expect(answer.status).toBe(refused === null ? 200 : 403)
      expect(await stored(id)).toEqual(refused === null ? said(before, fields) : before)
    },
  )

  it.each(CASES)(
    'changes itself within its limits: %j to %j, refused %s',
    async (own, fields, refused) => {
      const by = await boundWith(own)
      const answer = await patch(by, by.client.id, fields)
      expect(answer.status).toBe(refused === null ? 200 : 403)
      expect(await stored(by.client.id)).toEqual(refused === null ? said(own, fields) : own)
    },
  )

  it('leaves a limit as it is that the request omits', async () => {
    const { id } = await server.client({ workspaceId: 'acme', ...NONE, tokenTtl: 86_400 })
    const by = await boundWith(ALL)
    expect((await patch(by, id, { quota_per_minute: 5 })).status).toBe(200)
    expect(await stored(id)).toEqual({ ...NONE, tokenTtl: 86_400, quotaPerMinute: 5 })
  })
})

describe('operator', () => {
  it.each(CASES)('changes %j to %j', async (before, fields) => {
    const { id } = await server.client({ workspaceId: 'acme', ...before })
    expect((await patch(callers.unbound, id, fields)).status).toBe(200)
    expect(await stored(id)).toEqual(said(before, fields))
  })

  it.each(CASES)('changes %j to %j from a shell', async (before, fields) => {
    const { id } = await server.client({ workspaceId: 'acme', ...before })
    await updateClient(adminOf(server), id, fields)
    expect(await stored(id)).toEqual(said(before, fields))
    const { client_id } = await createClient(adminOf(server), { name: 'x', ...fields })
    expect(await stored(client_id)).toEqual(said(NONE, fields))
  })
})

const enroll = async (by: Caller, body: Record<string, unknown> = {}) => {
  const made = await api.call(by, 'POST', '/enrollments', body)
  expect(made.status, made.text).toBe(201)
  return String(made.body['enrollment_token'])
}

const register = async (token: string, metadata: Record<string, unknown> = {}) => {
  const response = await server.request('/oauth/register', {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ client_name: 'machine', ...metadata }),
  })
  expect(response.status).toBe(201)
  return (await response.json()) as Record<string, string>
}

/** Members that a machine could send for itself. */
const LOOSE = { token_ttl: 86_400, quota_per_minute: null, ledger: false, limited_by: null }

describe('client that enrolled itself', () => {
  it('has the limits of the bound administrator who created the enrollment', async () => {
    for (const own of [NONE, ALL]) {
      const machine = await register(await enroll(await boundWith(own)), LOOSE)
      expect(await stored(machine['client_id'])).toEqual(own)
    }
  })

  it('has these limits as of the moment in which it enrolls', async () => {
    const by = await boundWith(NONE)
    const token = await enroll(by)
    await patch(callers.unbound, by.client.id, {
      token_ttl: 120,
      quota_per_minute: 7,
      ledger: true,
    })
    const machine = await register(token)
    expect(await stored(machine['client_id'])).toEqual({
      tokenTtl: 120,
      quotaPerMinute: 7,
      ledger: true,
    })
  })

  it('has no limits when an operator created the enrollment', async () => {
    const machine = await register(await enroll(callers.unbound, { workspace_id: 'acme' }))
    expect(await stored(machine['client_id'])).toEqual(NONE)
  })

  it('cannot change its limits (RFC 7592)', async () => {
    const machine = await register(await enroll(await boundWith(ALL)))
    const { client_id, registration_access_token } = machine
    const response = await server.request(`/oauth/register/${client_id}`, {
      method: 'PUT',
      headers: {
        Authorization: `Bearer ${registration_access_token}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ client_id, client_name: 'machine', ...LOOSE }),
    })
    expect(response.status).toBe(200)
    expect(await stored(client_id)).toEqual(ALL)
  })
})

describe('quota of a bound administrator', () => {
  const QUOTA = 6
  const askedUntilRefused = async (clients: { id: string; secret: string }[]) => {
    let passed = 0
    for (let i = 0; i < 3 * QUOTA; i++) {
      for (const basic of clients) {
        const response = await server.requestToken({ audience: 'docs' }, { basic })
        if (response.status === 200) passed++
        else expect(response.status).toBe(429)
      }
    }
    return passed
  }
  const make = async (by: Caller) => {
    const grants = [{ audience: 'docs', permissions: ['read'] }]
    const { body } = await api.call(by, 'POST', '/clients', { name: 'second', grants })
    return { id: String(body['client_id']), secret: String(body['client_secret']) }
  }
  /** Tokens that the administrator needs for its three requests, before it has a quota. */
  const TAKEN = 3
  const administrator = async () => {
    const by = await boundWith(NONE)
    const clients = [await make(by), await make(by)]
    const grants = [{ audience: 'docs', permissions: ['read'] }]
    const machine = await register(await enroll(by, { grants }))
    clients.push({ id: machine['client_id'] ?? '', secret: machine['client_secret'] ?? '' })
    await patch(callers.unbound, by.client.id, { quota_per_minute: QUOTA })
    return { by, clients }
  }

  it('is shared by all clients that it created, also when it is set later', async () => {
    const { clients } = await administrator()
    expect(await askedUntilRefused(clients)).toBe(QUOTA - TAKEN)
  })

  it('is shared by clients that one of its clients created', async () => {
    const by = await boundWith({ ...NONE, quotaPerMinute: QUOTA })
    const grants = [
      { audience: 'latchkey', permissions: BOTH },
      { audience: 'docs', permissions: ['read'] },
    ]
    const { body } = await api.call(by, 'POST', '/clients', { name: 'deputy', grants })
    const deputy: Caller = {
      client: { id: String(body['client_id']), secret: String(body['client_secret']) },
      form: { audience: 'latchkey' },
    }
    const made = await make(deputy)
    // Two requests were used for administration.
    expect(await askedUntilRefused([made])).toBe(QUOTA - 2)
  })

  it('excludes a client that has a quota from an operator', async () => {
    const { clients } = await administrator()
    const [first] = clients
    await patch(callers.unbound, first?.id ?? '', { quota_per_minute: 2 * QUOTA })
    expect(await askedUntilRefused(clients)).toBe(3 * QUOTA - TAKEN)
  })
})
