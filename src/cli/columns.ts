// The columns of each list. Pure: no I/O.

/** `first`: what people need, the most important first. `others`: the columns that `--wide` adds. */
export type Columns = { readonly first: readonly string[]; readonly others: readonly string[] }

const CLIENT_SETTINGS = [
  'grants',
  'introspects',
  'authorization_details',
  'auth_method',
  'token_ttl',
  'quota_per_minute',
  'ledger',
  'software_id',
  'unused_after_days',
  'generation',
] as const

/** Columns by noun. Together they are the members of a row, without `etag`. */
export const COLUMNS = {
  admin: {
    first: ['client_id', 'name', 'status', 'permissions', 'last_used_at', 'workspace_id'],
    others: ['created_at', 'plugins', ...CLIENT_SETTINGS],
  },
  profile: { first: ['name', 'url', 'client_id', 'current'], others: [] },
  audience: {
    first: ['id', 'permissions', 'requires_plugin', 'token_ttl', 'algorithm', 'created_at'],
    others: [],
  },
  plugin: {
    first: ['id', 'name', 'status', 'trust', 'capabilities', 'created_at'],
    others: ['snapshot', 'generation'],
  },
  workspace: {
    first: ['id', 'name', 'status', 'created_at'],
    others: ['generation'],
  },
  client: {
    first: ['client_id', 'name', 'status', 'last_used_at', 'workspace_id', 'plugins', 'created_at'],
    others: CLIENT_SETTINGS,
  },
  secret: {
    first: ['secret_id', 'name', 'hint', 'last_used_at', 'expires_at', 'created_at'],
    others: ['client_id'],
  },
  resource: {
    first: ['type', 'id', 'workspace_id', 'parts', 'created_at'],
    others: [],
  },
  enrollment: {
    first: ['enrollment_id', 'name', 'status', 'expires_at', 'workspace_id', 'client_id'],
    others: [
      'plugins',
      'grants',
      'authorization_details',
      'unused_after_days',
      'created_at',
      'used_at',
      'revoked_at',
      'created_by',
    ],
  },
  token: {
    first: ['jti', 'client_id', 'audience', 'expires_at', 'runs', 'workspace_id'],
    others: ['issued_at'],
  },
  run: { first: ['identifier', 'workspace_id', 'closed_at'], others: [] },
  revocation: {
    first: ['seq', 'kind', 'subject', 'created_at', 'created_by', 'expires_at'],
    others: ['value', 'gen', 'client_id', 'name', 'run', 'workspace_id', 'action', 'request_id'],
  },
  key: {
    first: ['kid', 'algorithm', 'state', 'activated_at', 'promotable_at', 'gone_at'],
    others: ['created_at', 'retired_at', 'revoked_at'],
  },
  audit: {
    first: ['seq', 'time', 'action', 'outcome', 'target', 'actor', 'reason', 'address', 'count'],
    others: ['request_id'],
  },
} as const satisfies Record<string, Columns>

export type ListedNoun = keyof typeof COLUMNS

/** The members that `--sort` and `--filter` accept. */
export const membersOf = (noun: ListedNoun): readonly string[] => {
  const { first, others }: Columns = COLUMNS[noun]
  return [...first, ...others]
}
