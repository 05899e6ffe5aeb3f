// The token as the application receives it. Pure.
import type { AccessTokenClaims } from './parse.ts'
import { permissionsOf, pluginOf, workspaceOf } from './requirements.ts'

/** A token that has passed. Frozen: it is shared by all requests that carry it. */
export type VerifiedToken = {
  readonly clientId: string
  readonly permissions: readonly string[]
  readonly pluginId: string | null
  /** The tenant that its client belongs to; null where the token names none, and is of no tenant. */
  readonly workspaceId: string | null
  /** The token's id (RFC 7519 §4.1.7): names it in logs, where its text must not stand. */
  readonly jti: string
  /** When it expires, in seconds since the epoch. */
  readonly expiresAt: number
  readonly claims: AccessTokenClaims
}

/** Freezes the claims, too: every request that carries the token shares them. */
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

const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}
