// Effects of a member that a request body leaves out. Pure: no I/O.

/** Names of the administrator's own workspace and of the one for unbound administrators. */
const OWN_WORKSPACE = 'that of the administrator, or `default`'
const NO_LIMIT = 'null, or the value of the client of a bound administrator'

/** Value of an optional member that a request leaves out, by `Schema.member` or `operationId.member`. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'NewAudience.algorithm': '`RS256`',
  'NewAudience.permissions': 'none',
  'NewAudience.requires_plugin': 'false',
  'NewAudience.token_ttl': 'null',
  'NewClient.auth_method': '`client_secret_basic`',
  'NewClient.authorization_details': 'none',
  'NewClient.create_plugins': 'false',
  'NewClient.grants': 'none',
  'NewClient.introspects': 'none',
  'NewClient.ledger': 'false, or the value of the client of a bound administrator',
  'NewClient.plugins': 'none',
  'NewClient.quota_per_minute': NO_LIMIT,
  'NewClient.token_ttl': NO_LIMIT,
  'NewClient.workspace_id': OWN_WORKSPACE,
  'NewDryRun.body': 'no members',
  'NewDryRun.if_match': 'any state of the row',
  'NewDryRun.parameters': 'none, for a path without parameters',
  'NewPlugin.capabilities': 'none',
  'NewPlugin.name': 'the id',
  'NewPlugin.snapshot': 'null',
  'NewPlugin.trust': '`restricted`',
  'NewRevocation.jti': '`token` is required',
  'NewRevocation.token': '`jti` is required',
  'NewSecret.expires_in': 'null',
  'NewSecret.name': 'null',
  'NewSecret.previous_expires_in': '86400, which is 24 hours',
  'NewWorkspace.name': 'the id',
  'RunRevocation.workspace_id': OWN_WORKSPACE,
  'enrollmentCreate.authorization_details': 'none',
  'enrollmentCreate.expires_in': '900, which is 15 minutes',
  'enrollmentCreate.grants': 'none',
  'enrollmentCreate.name': 'the id',
  'enrollmentCreate.plugins': 'none',
  'enrollmentCreate.unused_after_days': 'null',
  'enrollmentCreate.workspace_id': OWN_WORKSPACE,
  'keyRotate.algorithm': 'all algorithms of the server',
  'resourceCreate.workspace_id': OWN_WORKSPACE,
}

/** Sentence for an optional member at `Schema.member`; null: no entry. A change keeps what it leaves out. */
export const leftOut = (place: readonly string[]): string | null => {
  const [schema = '', ...members] = place
  const isKept = schema.endsWith('Change') && members.length === 1
  const effect = isKept ? 'unchanged' : LEFT_OUT[place.join('.')]
  return effect === undefined ? null : `Left out: ${effect}.`
}
