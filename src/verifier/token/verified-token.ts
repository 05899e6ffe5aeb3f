// The token as the application receives it. Pure.
import type { AccessTokenClaims } from './parse.ts'
import { permissionsOf, pluginOf, workspaceOf } from './requirements.ts'

/**
 * A token that has passed all checks. Frozen, because all requests that carry the token share it.
 */
export type VerifiedToken = {
  /** `client_id` (RFC 9068 §2.2). */
  readonly clientId: string
  /** The values of `scope` (RFC 6749 §3.3). */
  readonly permissions: readonly string[]
  /** The plugin that the token is for; null without one. */
  readonly pluginId: string | null
  /** The tenant that the client belongs to; null for a client without one. */
  readonly workspaceId: string | null
  /** The token's id (RFC 7519 §4.1.7). Names the token in logs, which must not contain its text. */
  readonly jti: string
  /** When the token expires, in seconds since the epoch. */
  readonly expiresAt: number
  readonly claims: AccessTokenClaims
}

/** Freezes the claims as well. */
export const verifiedTokenOf = (claims: AccessTokenClaims): VerifiedToken =>
  deepFreeze({
    clientId: claims.client_id,
    permissions: permissionsOf(claims),
    pluginId: pluginOf(claims),
    workspaceId: workspaceOf(claims),
    jti: claims.jti,
    expiresAt: claims.exp,
    claims,
  })

const deepFreeze = <T extends object>(value: T): T => {
  Object.freeze(value)
  for (const member of Object.values(value) as unknown[]) {
    if (typeof member === 'object' && member !== null && !Object.isFrozen(member))
      deepFreeze(member)
  }
  return value
}
