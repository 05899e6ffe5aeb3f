// Authorization table: every endpoint of the OpenAPI document, asked by every kind of caller. A
// refusal changes nothing and leaves its trace in the audit.
import { describe, expect, it, test } from 'vitest'
import { BOTH, expectChallenge, expectProblem, startAdminApi } from '../support/admin-api.ts'
import { GOOD_REQUESTS, type Sent, goodRequest, makeThings } from '../support/admin-requests.ts'
import { decode, partsOf } from '../support/jwt.ts'
import { ADDRESS } from '../support/server.ts'

/** Result of the valid request: success, or the code of its refusal. */
type Outcome = 'ok' | 'permission_missing' | 'not_found' | 'unbound_required' | 'exceeds_own_grant'

/**
 * Administrators, from the least rights: of another workspace than the record, of its workspace,
 * unbound.
 */
const ADMINISTRATORS = ['readOnly', 'writeOnly', 'other', 'bound', 'unbound'] as const
type Row = readonly [
  readOnly: Outcome,
  writeOnly: Outcome,
  other: Outcome,
  bound: Outcome,
  unbound: Outcome,
]

const ok = 'ok'
const permission = 'permission_missing'
const hidden = 'not_found'
const unbound = 'unbound_required'
const exceeds = 'exceeds_own_grant'

const TABLE: Readonly<Record<string, Row>> = {
  workspaceList: [ok, permission, ok, ok, ok],
  workspaceCreate: [permission, ok, unbound, unbound, ok],
  workspaceShow: [ok, permission, hidden, ok, ok],
  workspaceUpdate: [permission, ok, unbound, unbound, ok],
  workspaceSuspend: [permission, ok, unbound, unbound, ok],
  workspaceResume: [permission, ok, unbound, unbound, ok],
  audienceList: [ok, permission, ok, ok, ok],
  audienceCreate: [permission, ok, unbound, unbound, ok],
  audienceShow: [ok, permission, hidden, ok, ok],
  audienceUpdate: [permission, ok, unbound, unbound, ok],
  pluginList: [ok, permission, ok, ok, ok],
  pluginCreate: [permission, ok, unbound, unbound, ok],
  pluginShow: [ok, permission, hidden, ok, ok],
  pluginUpdate: [permission, ok, unbound, unbound, ok],
  pluginDelete: [permission, ok, unbound, unbound, ok],
  pluginDisable: [permission, ok, unbound, unbound, ok],
  pluginEnable: [permission, ok, unbound, unbound, ok],
  pluginRevokeTokens: [permission, ok, unbound, unbound, ok],
  clientList: [ok, permission, ok, ok, ok],
  clientCreate: [permission, ok, exceeds, ok, ok],
  clientShow: [ok, permission, hidden, ok, ok],
  clientUpdate: [permission, ok, hidden, ok, ok],
  clientDelete: [permission, ok, hidden, ok, ok],
  clientDisable: [permission, ok, hidden, ok, ok],
  clientEnable: [permission, ok, hidden, ok, ok],
  clientRevokeTokens: [permission, ok, hidden, ok, ok],
  secretList: [ok, permission, hidden, ok, ok],
  secretAdd: [permission, ok, hidden, ok, ok],
  secretShow: [ok, permission, hidden, ok, ok],
  secretRevoke: [permission, ok, hidden, ok, ok],
  resourceList: [ok, permission, ok, ok, ok],
  resourceCreate: [permission, ok, ok, ok, ok],
  resourceShow: [ok, permission, hidden, ok, ok],
  resourceUpdate: [permission, ok, hidden, ok, ok],
  resourceDelete: [permission, ok, hidden, ok, ok],
  clientShowDetails: [ok, permission, hidden, ok, ok],
  clientDetails: [permission, ok, hidden, ok, ok],
  enrollmentList: [ok, permission, ok, ok, ok],
  enrollmentCreate: [permission, ok, exceeds, ok, ok],
  enrollmentShow: [ok, permission, hidden, ok, ok],
  enrollmentRevoke: [permission, ok, hidden, ok, ok],
  runList: [ok, permission, ok, ok, ok],
  runRevoke: [permission, ok, ok, ok, ok],
  runShow: [ok, permission, hidden, ok, ok],
  tokenList: [ok, permission, ok, ok, ok],
  tokenShow: [ok, permission, hidden, ok, ok],
  tokenInspect: [ok, permission, hidden, ok, ok],
  revocationList: [ok, permission, ok, ok, ok],
  revocationShow: [ok, permission, hidden, ok, ok],
  tokenRevoke: [permission, ok, hidden, ok, ok],
  keyList: [ok, permission, unbound, unbound, ok],
  keyShow: [ok, permission, unbound, unbound, ok],
  keyRevoke: [permission, ok, unbound, unbound, ok],
  keyRotate: [permission, ok, unbound, unbound, ok],
  keyRevokeAll: [permission, ok, unbound, unbound, ok],
  auditList: [ok, permission, ok, ok, ok],
  statusShow: [ok, permission, unbound, unbound, ok],
  changeRehearse: [permission, ok, hidden, ok, ok],
  auditVerify: [ok, permission, unbound, unbound, ok],
  auditExport: [ok, permission, ok, ok, ok],
  auditShow: [ok, permission, hidden, ok, ok],
}

/**
 * Expects no other workspace in the answer. The audit shows the caller's own attempts, which may
 * name anything.
 */
const expectNothingOfOthers = ({ text }: { text: string }): void => {
  const { id } = callers.other.client
  const seen = text.split(/(?<=})[,\n]/).filter((part) => !part.includes(`"actor":"client:${id}"`))
  expect(seen.join()).not.toMatch(/acme|docs/)
}

const api = await startAdminApi()
const { server, callers } = api

test('authorization table has exactly the operations of the OpenAPI document', () => {
  const documented = api.operations.map(({ id }) => id)
  expect(Object.keys(TABLE).toSorted()).toEqual(documented.toSorted())
  expect(Object.keys(GOOD_REQUESTS).toSorted()).toEqual(documented.toSorted())
})

/** Signs the claims of a valid token with changes. */
const forged = async (change: Record<string, unknown>, typ = 'at+jwt'): Promise<string> => {
  const { claims } = decode(await api.tokenOf(callers.unbound))
  const signed = await server.deps.signer.sign(
    { ...claims, ...change },
    { algorithm: 'RS256', typ },
  )
  return signed.token
}

const revoked = async (): Promise<string> => {
  const token = await api.tokenOf(callers.unbound)
  const { jti, client_id: clientId, client_gen: clientGen, exp } = decode(token).claims
  const claims = { jti, clientId, clientGen, exp } as Parameters<typeof server.store.revokeToken>[0]
  await server.store.revokeToken(claims, server.seconds())
  return token
}

/** Changes the status without the generation: the status alone must be enough. */
const disabled = async (): Promise<string> => {
  const client = await server.client({ workspaceId: null, grants: { latchkey: BOTH } })
  const token = await server.issue(client)
  server.sql(`update clients set status = 'disabled' where id = '${client.id}'`)
  return token
}

const unsigned = async (): Promise<string> => {
  const [header, payload] = partsOf(await api.tokenOf(callers.unbound))
  return `${header}.${payload}.${'A'.repeat(342)}`
}

/** Callers that are refused before the request is read, and the code of the refusal. */
const STRANGERS: readonly [
  name: string,
  token: () => Promise<string | null> | string | null,
  code: string,
][] = [
  ['no token', () => null, 'token_missing'],
  ['an empty token', () => '', 'token_missing'],
  ['a malformed token', () => 'x.y.z', 'token_malformed'],
  ['a token with a wrong signature', unsigned, 'token_untrusted'],
  ['a token for another audience', () => api.tokenOf(callers.stranger), 'token_untrusted'],
  ['a token of another issuer', () => forged({ iss: 'https://other.example' }), 'token_untrusted'],
  ['a signed text of another type', () => forged({}, 'JWT'), 'token_untrusted'],
  ['an expired token', () => forged({ exp: server.seconds() }), 'token_expired'],
  ['a revoked token', revoked, 'token_revoked'],
  ['a token of a disabled client', disabled, 'token_revoked'],
]

const methodOf = (id: string): string => api.operations.find((one) => one.id === id)?.method ?? ''
const isRead = (id: string): boolean =>
  api.operations.find((one) => one.id === id)?.scope === 'admin:read'
const needsIfMatch = (id: string): boolean => ['PUT', 'PATCH', 'DELETE'].includes(methodOf(id))

/** Converts an operation id to its action in the audit, such as `client.revoke_tokens`. */
const actionOf = (id: string): string => {
  const [noun = '', verb = ''] = id.split(/(?<=^[a-z]+)(?=[A-Z])/)
  return `${noun}.${verb.replaceAll(/(?<!^)[A-Z]/g, '_$&').toLowerCase()}`
}

/** A refusal of a dry run has the action that was rehearsed. */
const refusedAction = (id: string): string =>
  id === 'changeRehearse' ? 'client.delete' : actionOf(id)

/** Makes a request that could succeed. */
const prepare = async (id: string): Promise<Sent> => {
  await server.setWorkspaceStatus('acme', 'active')
  const sent = goodRequest(id, await makeThings(api))
  return needsIfMatch(id) ? { ...sent, headers: await api.ifMatch(sent.path) } : sent
}

/** Makes the request once: requests that change nothing can share it. */
const prepareOnce = (id: string): (() => Promise<Sent>) => {
  let prepared: Promise<Sent> | null = null
  return () => (prepared ??= prepare(id))
}

/** Sends the request and expects no change. @returns the answer and the new audit events */
const refusedRequest = async (id: string, token: string | null, sent: Sent) => {
  const before = server.state()
  server.events.length = 0
  const answer = await api.callWith(token, methodOf(id), sent.path, sent.body, sent.headers)
  expect(server.state()).toBe(before)
  return { answer, events: [...server.events] }
}

describe.each(Object.entries(TABLE))('%s', (id, row) => {
  const request = { requestId: expect.any(String) as unknown, address: ADDRESS }
  const preparedOnce = prepareOnce(id)
  const scope = () => api.operations.find((one) => one.id === id)?.scope ?? ''

  it.each(STRANGERS)('refuses %s', async (_, tokenOf, code) => {
    const sent = await preparedOnce()
    const { answer, events } = await refusedRequest(id, await tokenOf(), sent)
    expectProblem(answer, 401, code)
    expectChallenge(answer, code, scope())
    const event = { actor: 'unknown', action: actionOf(id), target: null, outcome: 'refused' }
    expect(events).toEqual([{ ...request, ...event, reason: code }])
  })

  const cells = ADMINISTRATORS.map((who, i) => [who, row[i] ?? ok] as const)

  it.each(cells.filter(([, outcome]) => outcome !== ok))(
    'answers %s with %s',
    async (who, code) => {
      const sent = await preparedOnce()
      const token = await api.tokenOf(callers[who])
      const { answer, events } = await refusedRequest(id, token, sent)
      expectProblem(answer, code === 'not_found' ? 404 : 403, code)
      expectChallenge(answer, code, scope())
      const action = code === 'permission_missing' ? actionOf(id) : refusedAction(id)
      const event = { actor: `client:${callers[who].client.id}`, action }
      const said = { ...request, ...event, outcome: 'refused', reason: code }
      expect(events).toMatchObject([said])
    },
  )

  it.each(cells.filter(([, outcome]) => outcome === ok))(
    'answers %s with success: %s',
    async (who) => {
      const { path, body, headers } = await prepare(id)
      server.events.length = 0
      const answer = await api.call(callers[who], methodOf(id), path, body, headers)
      expect(answer.status, answer.text).toBeLessThan(300)
      expect(answer.headers.get('cache-control')).toBe('no-store')
      const event = { actor: `client:${callers[who].client.id}`, action: actionOf(id) }
      const isTraceless = isRead(id) || id === 'changeRehearse'
      expect(server.events).toMatchObject(isTraceless ? [] : [{ ...event, outcome: 'success' }])
      if (who === 'other') expectNothingOfOthers(answer)
    },
  )
})

/** The order for a dry run of a request. */
const orderOf = (id: string, { path, body, headers = {} }: Sent) => {
  const { path: template = '' } = api.operations.find((one) => one.id === id) ?? {}
  const values = path.split('/').map(decodeURIComponent)
  const parameters = template
    .split('/')
    .flatMap((part, i) => (part.startsWith('{') ? [[part.slice(1, -1), values[i]]] : []))
  const etag = headers['If-Match']?.replaceAll('"', '')
  return {
    action: actionOf(id),
    parameters: Object.fromEntries(parameters) as Record<string, string>,
    ...(body !== undefined && { body }),
    ...(etag !== undefined && { if_match: etag }),
  }
}

const CHANGES = Object.entries(TABLE).filter(
  ([id]) => id !== 'changeRehearse' && methodOf(id) !== 'GET' && !isRead(id),
)

describe.each(CHANGES)('dry run of %s', (id, row) => {
  it('answers every administrator as the operation does, and changes nothing', async () => {
    const order = orderOf(id, await prepare(id))
    for (const [i, who] of ADMINISTRATORS.entries()) {
      const outcome = row[i] ?? ok
      const token = await api.tokenOf(callers[who])
      const sent = { path: '/dry-runs', body: order }
      const { answer, events } = await refusedRequest('changeRehearse', token, sent)
      const actor = `client:${callers[who].client.id}`
      if (outcome === ok) {
        expect(answer.status, `${who}: ${answer.text}`).toBe(200)
        expect(answer.text).not.toMatch(/lk[sre]_|(?<![\w-])eyJ/)
        expect(answer.body['effects'] === null, who).toBe(who === 'writeOnly')
        expect(events).toEqual([])
        if (who === 'other') expectNothingOfOthers(answer)
      } else {
        expectProblem(answer, outcome === 'not_found' ? 404 : 403, outcome)
        const action = outcome === 'permission_missing' ? 'change.rehearse' : actionOf(id)
        const refused = { actor, action, outcome: 'refused', reason: outcome }
        expect(events, who).toMatchObject([refused])
      }
    }
  })
})
