// Checks of tokens: every checked answer is a different token for the client, and each verifies with the published keys.
import { type JWTPayload, createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { type Answer, type Target, ask, askOften } from './requests.ts'
import type { Running } from './comparison.ts'

export const tokenOf = ({ status, type, text }: Answer): string => {
  if (status !== 200 || !type?.startsWith('application/json')) {
    throw new Error(`the answer was ${status} ${type}: ${text.slice(0, 300)}`)
  }
  const { access_token: token, token_type: tokenType } = JSON.parse(text) as Record<string, unknown>
  if (typeof token !== 'string' || String(tokenType).toLowerCase() !== 'bearer') {
    throw new Error('an answer has no token')
  }
  return token
}

/** Claims of a token of this client, without those that differ between its tokens. */
export const claimsOf = async (target: Target): Promise<Record<string, unknown>> => {
  const { iat: _iat, exp: _exp, jti: _jti, ...claims } = decodeJwt(tokenOf(await ask(target)))
  return claims
}

/** `jtis` are of all checked tokens of the server: no two are the same. */
export type Expected = { aud: string; scope: string; alg?: string; jtis: Set<unknown> }

/** Verifies all tokens. @returns their payloads */
export const checkTokens = async (
  answers: readonly Answer[],
  { jwks }: Pick<Running, 'jwks'>,
  { aud, scope, alg = 'RS256', jtis }: Expected,
): Promise<JWTPayload[]> => {
  const keys = createLocalJWKSet(jwks)
  return Promise.all(
    answers.map(async (answer) => {
      const options = { algorithms: [alg], audience: aud, requiredClaims: ['sub', 'exp', 'iat'] }
      const { payload } = await jwtVerify(tokenOf(answer), keys, options)
      if (payload['scope'] !== scope) throw new Error(`a token has the scope ${payload['scope']}`)
      if (payload.jti === undefined || jtis.has(payload.jti)) throw new Error('a jti is not unique')
      jtis.add(payload.jti)
      return payload
    }),
  )
}

/** Requests that many tokens and verifies all. */
export const checkedTokens = async (
  target: Target | (() => Target),
  running: Pick<Running, 'jwks'>,
  { count, ...expected }: Expected & { count: number },
): Promise<JWTPayload[]> => {
  const next = typeof target === 'function' ? target : () => target
  const { answers } = await askOften(next, { maxRequests: count })
  return checkTokens(answers, running, expected)
}
