// Verifiers that check tokens while keys change: ours and jose's remote key set, with their defaults, and the
// verdict of each on each token.
import { type RemoteJWKSet, createRemoteJWKSet, jwtVerify } from 'jose'
import { createVerifier, unsafeIgnorePlugin } from '../../src/verifier/index.ts'
import { decode } from '../support/jwt.ts'

export type Name = 'ours' | 'jose' | 'joseRenewed'
/** One token, verified once. */
export type Seen = { kid: string; code: string; began: number; ended: number }
export type RotationJudges = ReturnType<typeof createRotationJudges>

export const kidOf = (token: string): string => String(decode(token).header['kid'])

const holds = (keys: RemoteJWKSet, kid: string): boolean =>
  keys.jwks()?.keys.some((key) => key.kid === kid) ?? false

export const createRotationJudges = (issuer: string) => {
  const uri = new URL(`${issuer}/.well-known/jwks.json`)
  const ours = createVerifier({ issuer, audience: 'api' })
  /** Fetches keys by its own rules. */
  const jose = createRemoteJWKSet(uri)
  /** Fetches before each change, because a day is longer than the ten minutes for which it keeps keys. */
  const joseRenewed = createRemoteJWKSet(uri)
  const seen: Record<Name, Seen[]> = { ours: [], jose: [], joseRenewed: [] }
  /** Refusals by jose although it had the key all the time. */
  const unjust: Seen[] = []

  const withJose = (keys: RemoteJWKSet, token: string) =>
    jwtVerify(token, keys, { issuer, audience: 'api', typ: 'at+jwt' })

  const verifyWith: Record<Name, (token: string) => Promise<unknown>> = {
    ours: (token) => ours.verify(token, { permission: 'read', plugin: unsafeIgnorePlugin }),
    jose: (token) => withJose(jose, token),
    joseRenewed: (token) => withJose(joseRenewed, token),
  }

  const codeOf = async (by: Name, token: string): Promise<string> => {
    try {
      await verifyWith[by](token)
      return 'good'
    } catch (error) {
      return (error as { code?: string }).code ?? String(error)
    }
  }

  const verify = async (by: Name, token: string): Promise<Seen> => {
    const kid = kidOf(token)
    const held = by === 'jose' && holds(jose, kid)
    const began = Date.now()
    const code = await codeOf(by, token)
    const one = { kid, code, began, ended: Date.now() }
    seen[by].push(one)
    if (held && code !== 'good' && holds(jose, kid)) unjust.push(one)
    return one
  }

  return {
    ours,
    joseRenewed,
    seen,
    unjust,
    codeOf,
    verify,
    async verifyByAll(token: string): Promise<void> {
      await Promise.all(
        (['ours', 'jose', 'joseRenewed'] as const).map((name) => verify(name, token)),
      )
    },
  }
}
