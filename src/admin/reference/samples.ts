// Sample values of fields, from which the examples of the reference are made. Tests compare each example with the schema
// that checks requests, and with the answer of a server. Pure: no I/O.

const CLIENT_ID = 'lkc_N4vDqbT0yXbqkYyWw2mJ5g'
const KID = 'sQ0l5mVhJ3rXnB8cT2yZ4w'
const NEXT_KID = 'b7Tq1pRk9uYwE5sA3dF6gH'
const NEW_KID = 'mR4xW8cLq0ZtJ6vNy3PbKs'
const NEWEST_KID = 'uD2gH7fTa5XiV9oQe1MnBz'
const JTI = '0kK3xT9vQe2mZrY7aWcB1g'
const SECRET_ID = 'secret_Jc8rW1uPz6oKfXq3TnLd0A'
const ENROLLMENT_ID = 'enrollment_H2sVx7BnQ4kTyLp9Wm0ReA'
const REQUEST_ID = '5e3b0c52-6a0f-4c7d-9d52-0f3a1c9b7e64'
const SEAL_MAC = 'p1cVnq2b8s5T0yKfLr7WmXzJ4dHgA9eU3oQiB6tNvCk'

const KEY = {
  algorithm: 'RS256',
  promotable_at: null,
  activated_at: null,
  retired_at: null,
  gone_at: null,
  revoked_at: null,
}
const NEXT_KEY = { kid: NEXT_KID, ...KEY, created_at: '2026-03-01T09:00:00Z' }
const ACTIVE_KEY = { ...NEXT_KEY, kid: KID, activated_at: '2026-03-01T09:00:00Z' }
const NEW_KEY = { kid: NEW_KID, ...KEY, created_at: '2026-03-02T11:00:00Z' }
const REVOKED = { state: 'revoked', revoked_at: '2026-03-02T11:00:00Z' }

/**
 * Sample of a field by its name, or by more of its path, as in the table of meanings. Undefined: the examples do not have
 * the field.
 */
export const SAMPLES: Readonly<Record<string, unknown>> = {
  'Status.version': '0.1.0',
  'Status.server': {
    state: 'running',
    address: 'http://127.0.0.1:8787',
    version: '0.1.0',
    uptime_seconds: 86_400,
    followers: 4,
  },
  'Status.database': {
    schema: '0014_rule_causes',
    file: { path: 'data/latchkey.db', bytes: 1_044_480 },
  },
  'Status.keys': [
    {
      algorithm: 'RS256',
      active_kid: KID,
      next_kid: NEXT_KID,
      next_change_at: '2026-04-01T09:00:00Z',
    },
  ],
  'Status.revocation': { epoch: 'kP3vR8sWq1Zt', head: 318, rules: 42 },
  'Status.audit': {
    events: 1_241,
    unsealed: 1,
    sealed_at: '2026-03-02T11:59:00Z',
    newest_seal: 'intact',
  },
  'Status.ledger': { tokens: 57, file: { path: 'data/ledger.db', bytes: 81_920 } },
  'Status.disk_free_bytes': 48_318_382_080,

  // States that an operation leaves behind.
  'clientDisable.Client.generation': 2,
  'clientDisable.Client.status': 'disabled',
  'clientEnable.Client.generation': 2,
  'clientRevokeTokens.Client.generation': 2,
  'enrollmentRevoke.Enrollment.status': 'revoked',
  'enrollmentRevoke.Enrollment.revoked_at': '2026-03-01T09:10:00Z',
  'keyRevoke.KeyList.items': [
    { ...ACTIVE_KEY, ...REVOKED },
    { ...NEXT_KEY, state: 'active', promotable_at: null, activated_at: '2026-03-02T11:00:00Z' },
    { ...NEW_KEY, state: 'next', promotable_at: '2026-03-03T11:00:00Z' },
  ],
  'keyRevokeAll.KeyList.items': [
    { ...ACTIVE_KEY, ...REVOKED },
    { ...NEXT_KEY, ...REVOKED },
    { ...NEW_KEY, state: 'active', activated_at: '2026-03-02T11:00:00Z' },
    { ...NEW_KEY, kid: NEWEST_KID, state: 'next', promotable_at: '2026-03-03T11:00:00Z' },
  ],
  'pluginDisable.Plugin.generation': 2,
  'pluginDisable.Plugin.status': 'disabled',
  'pluginEnable.Plugin.generation': 2,
  'pluginRevokeTokens.Plugin.generation': 2,
  'workspaceResume.Workspace.generation': 2,
  'workspaceSuspend.Workspace.generation': 2,
  'workspaceSuspend.Workspace.status': 'suspended',

  // Members that the example of the request does not set.
  'CreatedClient.authorization_details': [],
  'CreatedClient.introspects': [],
  'CreatedClient.last_used_at': undefined,
  'CreatedClient.quota_per_minute': null,
  'CreatedClient.token_ttl': null,
  'CreatedEnrollment.authorization_details': [],
  'AddedSecret.last_used_at': null,

  // Members that only lists have.
  'Client.last_used_at': undefined,
  'clientList.Client.last_used_at': '2026-03-02T11:00:00Z',

  // Times that follow from a request.
  'AddedSecret.expires_at': '2026-05-30T09:00:00Z',
  'CreatedEnrollment.expires_at': '2026-03-01T09:15:00Z',
  'Enrollment.expires_at': '2026-03-01T09:15:00Z',
  'Token.expires_at': '2026-03-02T11:15:00Z',

  'InspectedToken.active': false,
  'InspectedToken.reason': 'token_revoked',
  'InspectedToken.claims': { client_id: CLIENT_ID, aud: 'calendar', jti: JTI },
  means: 'A rule of the revocation list matches it.',
  'Revocation.action': 'token.revoke',
  'RevokingRule.action': 'token.revoke',
  'Revocation.created_by': `client:${CLIENT_ID}`,
  'RevokingRule.created_by': `client:${CLIENT_ID}`,
  'Revocation.run': null,

  action: 'client.create',
  activated_at: '2026-03-01T09:00:00Z',
  actor: `client:${CLIENT_ID}`,
  address: '192.0.2.10',
  audience: 'calendar',
  authorization_details: [
    { type: 'playlist', identifier: 'evening', actions: ['play'], parts: ['lobby'] },
  ],
  capabilities: ['connector:slack'],
  capability: 'connector:slack',
  checked: 1240,
  client_id: CLIENT_ID,
  client_secret: 'lks_EXAMPLE-shown-once-EXAMPLE-shown-once-EXAMP',
  closed_at: '2026-03-02T11:30:00Z',
  code: 'not_found',
  count: 1,
  created_at: '2026-03-01T09:00:00Z',
  created_by: CLIENT_ID,
  cursor: 'WyJjbGllbnRzIixbMTc3MjM1NTYwMCwibGtjIl1d',
  'Enrollment.client_id': null,
  'CreatedEnrollment.client_id': null,
  enrollment_id: ENROLLMENT_ID,
  enrollment_token: 'lke_EXAMPLE-shown-once-EXAMPLE-shown-once-EXAMP',
  etag: 'Zk3q8w1x',
  expires_at: '2026-03-02T12:00:00Z',
  'Secret.expires_at': null,
  expires_in: 7_776_000,
  'enrollmentCreate.expires_in': 900,
  findings: [],
  former_kid: KID,
  found: 0,
  gen: null,
  generation: 1,
  gone_at: null,
  hint: 'XAMP',
  id: 'calendar',
  'Plugin.id': 'slack-sync',
  'DeletedPlugin.id': 'slack-sync',
  'NewPlugin.id': 'slack-sync',
  'Workspace.id': 'acme',
  'NewWorkspace.id': 'acme',
  identifier: 'run-2026-03-02',
  'If-Match': '"Zk3q8w1x"',
  intact: true,
  'resources.id': 'evening',
  'plugins.id': 'slack-sync',
  'workspaces.id': 'acme',
  introspects: ['calendar'],
  issued_at: '2026-03-02T11:00:00Z',
  jti: JTI,
  kid: KID,
  last_used_at: '2026-03-02T11:00:00Z',
  ledger: false,
  limit: 20,
  matched: 3,
  'rotated.kid': NEXT_KID,
  name: 'Nightly export',
  'Secret.name': 'March',
  'NewSecret.name': 'March',
  'AddedSecret.name': 'March',
  'Plugin.name': 'Slack sync',
  'NewPlugin.name': 'Slack sync',
  'PluginChange.name': 'Slack sync',
  'Workspace.name': 'Acme',
  'NewWorkspace.name': 'Acme',
  'WorkspaceChange.name': 'Acme',
  next_cursor: null,
  outcome: 'success',
  parts: ['lobby', 'bar'],
  permissions: ['events:read'],
  'Audience.permissions': [
    { name: 'events:read', implies: [] },
    { name: 'events:write', implies: ['events:read'] },
  ],
  'NewAudience.permissions': [
    { name: 'events:read' },
    { name: 'events:write', implies: ['events:read'] },
  ],
  'AudienceChange.permissions': [{ name: 'events:read' }],
  plugin_id: 'slack-sync',
  plugins: ['slack-sync'],
  previous_expires_in: 3_600,
  promotable_at: null,
  published_at: '2026-03-01T09:00:00Z',
  quota_per_minute: 600,
  reason: null,
  request_id: REQUEST_ID,
  'RevokedRun.workspace_id': 'acme',
  retired_at: null,
  revoked_at: null,
  run: 'run-2026-03-02',
  runs: ['run-2026-03-02'],
  seal: `1200:${SEAL_MAC}`,
  sealed_at: '2026-03-02T11:59:00Z',
  sealed_mac: SEAL_MAC,
  sealed_to: 1240,
  secret_id: SECRET_ID,
  seq: 1241,
  snapshot: null,
  software_id: null,
  state: 'active',
  target: `client:${CLIENT_ID}`,
  time: '2026-03-02T12:00:00Z',
  token: 'eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJqdGkiOiI…',
  token_ttl: 900,
  trust: 'restricted',
  type: 'playlist',
  'resourceCreate.id': 'evening',
  'Resource.id': 'evening',
  'DeletedResource.id': 'evening',
  unsealed: 1,
  unused_after_days: null,
  used_at: null,
  value: JTI,
  warnings: [],
  workspace_id: 'acme',
}

/** Optional members that the example of a request shows, besides the required ones. All members without an entry. */
export const SHOWN: Readonly<Record<string, readonly string[]>> = {
  audienceUpdate: ['token_ttl'],
  clientCreate: ['workspace_id', 'plugins', 'grants'],
  clientUpdate: ['grants', 'quota_per_minute'],
  enrollmentCreate: ['name', 'workspace_id', 'plugins', 'grants', 'expires_in'],
  pluginUpdate: ['capabilities'],
  tokenRevoke: ['token'],
}
