// One valid request for each operation of the admin API, on records of the workspace `acme`.
import type { AdminApi } from './admin-api.ts'
import { decode } from './jwt.ts'

export type Sent = { path: string; body?: unknown; headers?: Record<string, string> }

/** Records that a request names. Each request has new ones, because most requests succeed once only. */
export type Things = {
  /** An id that no other record in the test has. */
  fresh: string
  client: string
  secret: string
  token: string
  activeKid: string
  nextKid: string
  /** A resource of the type `playlist`. */
  resource: string
  enrollment: string
  /** A plugin that no client acts for. */
  plugin: string
  /** A closed run, and the number of its rule. */
  run: string
  rule: number
  /** A token of the ledger. */
  jti: string
  /** Number of an audit event about the client. */
  event: number
}

let made = 0

export const makeThings = async ({ server }: AdminApi): Promise<Things> => {
  const grants = { docs: ['read'] }
  const client = await server.client({
    workspaceId: 'acme',
    grants,
    plugins: ['p-acme'],
    ledger: true,
  })
  const [secret] = await server.store.listSecrets(client.id, server.seconds())
  const keys = await server.store.listKeys()
  const kidOf = (state: string) => keys.find((key) => key.state === state)?.kid ?? ''
  const fresh = `fresh-${made++}`
  const resource = { type: 'playlist', id: `list-${fresh}`, workspaceId: 'acme', parts: ['a'] }
  await server.store.createResource(resource, server.seconds())
  const enrollment = {
    id: `enrollment_${fresh}`,
    name: fresh,
    hash: fresh,
    workspaceId: 'acme',
    plugins: [],
    grants: [],
    details: [],
    unusedAfter: null,
    expiresAt: server.seconds() + 900,
    createdBy: null,
    createdByGeneration: null,
  }
  await server.store.createEnrollment(enrollment, server.seconds())
  const plugin = `plugin-${fresh}`
  await server.plugin(plugin)
  const run = `run-${fresh}`
  await server.store.closeRun({ workspaceId: 'acme', identifier: run }, server.seconds())
  const { seq: rule } = await server.store.findRevocationHead()
  const event = { actor: 'cli:root', action: 'client.update', target: client.id } as const
  await server.store.addAuditEvents([{ ...event, outcome: 'success', count: 1 }], server.seconds())
  const newest = { filter: {}, after: null, limit: 1, newestFirst: true }
  const [recorded] = (await server.store.listAuditEvents(newest)).rows
  const token = await server.issue(client, { audience: 'docs' })
  return {
    run,
    rule,
    jti: String(decode(token).claims['jti']),
    event: recorded?.seq ?? 0,
    fresh,
    resource: resource.id,
    enrollment: enrollment.id,
    plugin,
    client: client.id,
    secret: secret?.id ?? '',
    token,
    activeKid: kidOf('active'),
    nextKid: kidOf('next'),
  }
}

type GoodRequest = (things: Things) => Sent

/** Valid requests by the operation's id in the document. */
export const GOOD_REQUESTS: Readonly<Record<string, GoodRequest>> = {
  workspaceList: () => ({ path: '/workspaces' }),
  workspaceCreate: ({ fresh }) => ({ path: '/workspaces', body: { id: fresh } }),
  workspaceShow: () => ({ path: '/workspaces/acme' }),
  workspaceUpdate: () => ({ path: '/workspaces/acme', body: { name: 'Acme' } }),
  workspaceSuspend: () => ({ path: '/workspaces/acme/suspend' }),
  workspaceResume: () => ({ path: '/workspaces/acme/resume' }),
  audienceList: () => ({ path: '/audiences' }),
  audienceCreate: ({ fresh }) => ({ path: '/audiences', body: { id: fresh } }),
  audienceShow: () => ({ path: '/audiences/docs' }),
  audienceUpdate: () => ({ path: '/audiences/docs', body: { token_ttl: 600 } }),
  pluginList: () => ({ path: '/plugins' }),
  pluginCreate: ({ fresh }) => ({ path: '/plugins', body: { id: fresh } }),
  pluginShow: () => ({ path: '/plugins/p-acme' }),
  pluginUpdate: () => ({ path: '/plugins/p-acme', body: { name: 'Acme' } }),
  pluginDelete: ({ plugin }) => ({ path: `/plugins/${plugin}` }),
  pluginDisable: ({ plugin }) => ({ path: `/plugins/${plugin}/disable` }),
  pluginEnable: ({ plugin }) => ({ path: `/plugins/${plugin}/enable` }),
  pluginRevokeTokens: () => ({ path: '/plugins/p-acme/revoke-tokens' }),
  clientList: () => ({ path: '/clients' }),
  clientCreate: ({ fresh }) => ({
    path: '/clients',
    body: { name: fresh, grants: [{ audience: 'docs', permissions: ['read'] }] },
  }),
  clientShow: ({ client }) => ({ path: `/clients/${client}` }),
  clientUpdate: ({ client }) => ({ path: `/clients/${client}`, body: { grants: [] } }),
  clientDelete: ({ client }) => ({ path: `/clients/${client}` }),
  changeRehearse: ({ client }) => ({
    path: '/dry-runs',
    body: { action: 'client.delete', parameters: { client_id: client } },
  }),
  clientDisable: ({ client }) => ({ path: `/clients/${client}/disable` }),
  clientEnable: ({ client }) => ({ path: `/clients/${client}/enable` }),
  clientRevokeTokens: ({ client }) => ({ path: `/clients/${client}/revoke-tokens` }),
  secretList: ({ client }) => ({ path: `/clients/${client}/secrets` }),
  secretAdd: ({ client }) => ({ path: `/clients/${client}/secrets`, body: { name: 'second' } }),
  secretShow: ({ client, secret }) => ({ path: `/clients/${client}/secrets/${secret}` }),
  secretRevoke: ({ client, secret }) => ({ path: `/clients/${client}/secrets/${secret}` }),
  resourceList: () => ({ path: '/resources' }),
  resourceCreate: ({ fresh }) => ({
    path: '/resources',
    body: { type: 'playlist', id: fresh, parts: ['a'] },
  }),
  resourceShow: ({ resource }) => ({ path: `/resources/playlist/${resource}` }),
  resourceUpdate: ({ resource }) => ({
    path: `/resources/playlist/${resource}`,
    body: { parts: [] },
  }),
  resourceDelete: ({ resource }) => ({ path: `/resources/playlist/${resource}` }),
  clientShowDetails: ({ client }) => ({ path: `/clients/${client}/authorization-details` }),
  clientDetails: ({ client }) => ({
    path: `/clients/${client}/authorization-details`,
    body: { authorization_details: [] },
  }),
  enrollmentList: () => ({ path: '/enrollments' }),
  enrollmentCreate: ({ fresh }) => ({
    path: '/enrollments',
    body: { name: fresh, grants: [{ audience: 'docs', permissions: ['read'] }] },
  }),
  enrollmentShow: ({ enrollment }) => ({ path: `/enrollments/${enrollment}` }),
  enrollmentRevoke: ({ enrollment }) => ({ path: `/enrollments/${enrollment}/revoke` }),
  runList: () => ({ path: '/runs' }),
  runRevoke: ({ fresh }) => ({ path: `/runs/${fresh}/revoke` }),
  runShow: ({ run }) => ({ path: `/runs/${run}?workspace_id=acme` }),
  tokenShow: ({ jti }) => ({ path: `/tokens/${jti}` }),
  tokenInspect: ({ token }) => ({ path: '/tokens/inspect', body: { token } }),
  revocationShow: ({ rule }) => ({ path: `/revocations/${rule}` }),
  tokenList: ({ client }) => ({ path: `/tokens?client_id=${client}` }),
  revocationList: () => ({ path: '/revocations' }),
  tokenRevoke: ({ token }) => ({ path: '/revocations', body: { token } }),
  keyList: () => ({ path: '/keys' }),
  keyShow: ({ activeKid }) => ({ path: `/keys/${activeKid}` }),
  keyRevoke: ({ nextKid }) => ({ path: `/keys/${nextKid}/revoke` }),
  keyRotate: () => ({ path: '/keys/rotate', body: { now: true } }),
  keyRevokeAll: () => ({ path: '/keys/revoke-all' }),
  auditList: () => ({ path: '/audit' }),
  statusShow: () => ({ path: '/status' }),
  auditVerify: () => ({ path: '/audit/verify' }),
  auditExport: () => ({ path: '/audit/export' }),
  auditShow: ({ event }) => ({ path: `/audit/${event}` }),
}

/** @throws TypeError for an operation without an entry in GOOD_REQUESTS */
export const goodRequest = (id: string, things: Things): Sent => {
  const request = GOOD_REQUESTS[id]
  if (request === undefined) throw new TypeError(`no good request for ${id}`)
  return request(things)
}
