// The facts of a token that revocation rules compare. Computed once, when the token is first verified.
import { RUN_TYPE, detailsOf } from '../token/details.ts'
import type { AccessTokenClaims } from '../token/parse.ts'

/** An id and its generation in the token. */
type Counted = { readonly value: string; readonly gen: number }

export type RevocableToken = {
  readonly kid: string
  readonly jti: string
  readonly client: Counted | null
  readonly plugin: Counted | null
  /** The workspace by its reference, and by its id, as rules of older servers name it. */
  readonly workspaces: readonly Counted[]
  readonly runs: readonly string[]
}

/** A missing or malformed generation counts as the oldest: every rule over its value matches. */
const generationOf = (value: unknown): number => (Number.isSafeInteger(value) ? Number(value) : -1)

const counted = (value: unknown, generation: unknown): Counted | null =>
  typeof value === 'string' ? { value, gen: generationOf(generation) } : null

const hashed = async (text: string): Promise<string> => {
  const digest = new Uint8Array(
    await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)),
  )
  const base64 = btoa(String.fromCharCode(...digest))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace('=', '')
}

/**
 * The value of a rule over a workspace. The list is public, and the reference is random: a stranger who guesses ids
 * finds none of them in the list.
 */
export const workspaceValue = (reference: string): Promise<string> => hashed(reference)

/** The value of a rule over a run. No reference contains a line feed, so that no other pair has the same text. */
export const runValue = (reference: string, identifier: string): Promise<string> =>
  hashed(`${reference}\n${identifier}`)

export const revocableTokenOf = async (
  kid: string,
  claims: AccessTokenClaims,
): Promise<RevocableToken> => {
  // Servers of older releases hashed the id instead of the reference. Both are looked up: while servers of both
  // releases share a database, a rule over the id can revoke a token with a reference.
  const names = [claims['workspace_id'], claims.workspace_ref].filter(
    (name) => typeof name === 'string',
  )
  const references = typeof claims['workspace_id'] === 'string' ? names : ['', ...names]
  const identifiers = detailsOf(claims, RUN_TYPE)
    .map((detail) => detail['identifier'])
    .filter((identifier) => typeof identifier === 'string')
  const gen = generationOf(claims['workspace_gen'])
  return {
    kid,
    jti: claims.jti,
    client: counted(claims.client_id, claims['client_gen']),
    plugin: counted(claims['plugin_id'], claims['plugin_gen']),
    workspaces: (await Promise.all(names.map(workspaceValue))).map((value) => ({ value, gen })),
    runs: await Promise.all(
      identifiers.flatMap((run) => references.map((reference) => runValue(reference, run))),
    ),
  }
}
