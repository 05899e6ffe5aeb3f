// Samples of signing keys and of the claims of a token. Pure: no I/O.

export const CLIENT_ID = 'lkc_N4vDqbT0yXbqkYyWw2mJ5g'
export const KID = 'sQ0l5mVhJ3rXnB8cT2yZ4w'
export const NEXT_KID = 'b7Tq1pRk9uYwE5sA3dF6gH'
const NEW_KID = 'mR4xW8cLq0ZtJ6vNy3PbKs'
const NEWEST_KID = 'uD2gH7fTa5XiV9oQe1MnBz'
export const JTI = '0kK3xT9vQe2mZrY7aWcB1g'

/** Claims of a token that the examples revoke. */
export const CLAIMS = {
  iss: 'https://auth.example.com',
  sub: CLIENT_ID,
  aud: 'calendar',
  client_id: CLIENT_ID,
  client_gen: 1,
  scope: 'events:read',
  workspace_id: 'acme',
  workspace_gen: 1,
  workspace_ref: 'Yw5tRk2nVb8QxMc3LdZ7pA',
  plugin_id: 'slack-sync',
  plugin_gen: 1,
  plugin_trust: 'restricted',
  plugin_capabilities: ['connector:slack'],
  iat: 1_772_449_200,
  exp: 1_772_450_100,
  jti: JTI,
}

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

/** Lists of keys, by operation. */
export const KEY_LISTS = {
  'keyList.KeyList.items': [
    { ...ACTIVE_KEY, state: 'active' },
    { ...NEXT_KEY, state: 'next', promotable_at: '2026-03-02T09:00:00Z' },
  ],
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
}
