// The bearer token of a request to the server.
import { bearerOf } from '@latchkey/verifier/internal'
import type { AppContext } from '../deps.ts'

/**
 * The token of `Authorization: Bearer …` (RFC 6750 §2.1); null without one, and for one that
 * contains white space.
 */
export const bearerToken = (c: AppContext): string | null => {
  const bearer = bearerOf(c.req.header('authorization')?.trim())
  return bearer === null || /\s/.test(bearer) ? null : bearer
}
