// The facts of a token that revocation rules compare. Computed once, when the token is first
// verified.
import type { Eventual } from '../eventual.ts'
import { native } from '../net/native.ts'
import { RUN_TYPE, detailsOf } from '../token/details.ts'

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

/**
 * The same facts before hashing. The values of rules over workspaces and runs are SHA-256 hashes of
 * these texts.
 */
export type RevocableFacts = Pick<RevocableToken, 'kid' | 'jti' | 'client' | 'plugin'> & {
  readonly workspaceTexts: readonly string[]
  readonly workspaceGen: number
  readonly runTexts: readonly string[]
}

/**
 * The claims of a token whose signature has been verified. A missing or malformed one counts as
 * absent.
 */
type Claims = { readonly [claim: string]: unknown }

const textOf = (claim: unknown): string | undefined =>
  typeof claim === 'string' ? claim : undefined

/** A missing or malformed generation counts as the oldest: every rule over its value matches. */
const generationOf = (value: unknown): number => (Number.isSafeInteger(value) ? Number(value) : -1)

const counted = (value: unknown, generation: unknown): Counted | null =>
  typeof value === 'string' ? { value, gen: generationOf(generation) } : null

/**
 * The text of a run. No reference contains a line feed, so that no other pair has the same text.
 */
export const runText = (reference: string, identifier: string): string =>
  `${reference}\n${identifier}`

/**
 * The facts that rules compare.
 *
 * Servers of older releases hashed the id of a workspace instead of its reference. Both are looked
 * up: while servers of both releases share a database, a rule over the id can revoke a token with a
 * reference. Runs of clients without a workspace have the empty id.
 */
export const revocableFacts = (kid: string, claims: Claims): RevocableFacts => {
  const id = textOf(claims['workspace_id'])
  const reference = textOf(claims['workspace_ref'])
  const names = [id, reference].filter((name) => name !== undefined)
  const ofRuns = id === undefined ? ['', ...names] : names
  const identifiers = detailsOf(claims, RUN_TYPE)
    .map((detail) => detail['identifier'])
    .filter((identifier) => typeof identifier === 'string')
  return {
    kid,
    jti: textOf(claims['jti']) ?? '',
    client: counted(claims['client_id'], claims['client_gen']),
    plugin: counted(claims['plugin_id'], claims['plugin_gen']),
    workspaceTexts: names,
    workspaceGen: generationOf(claims['workspace_gen']),
    runTexts: identifiers.flatMap((run) => ofRuns.map((name) => runText(name, run))),
  }
}

const hash = native?.crypto.hash

const hashedNow =
  hash === undefined ? null : (text: string): string => hash('sha256', text, 'base64url')

const hashedLater = async (text: string): Promise<string> => {
  const digest = new Uint8Array(
    await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)),
  )
  const base64 = btoa(String.fromCharCode(...digest))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace('=', '')
}

const hashed = (text: string): Eventual<string> => hashedNow?.(text) ?? hashedLater(text)

/**
 * The value of a rule over a workspace. The list is public, and the reference is random: a stranger
 * who guesses ids finds none of them in the list.
 */
export const workspaceValue = async (reference: string): Promise<string> => hashed(reference)

/** The value of a rule over a run. */
export const runValue = async (reference: string, identifier: string): Promise<string> =>
  hashed(runText(reference, identifier))

export const revocableTokenOf = (kid: string, claims: Claims): Eventual<RevocableToken> => {
  const { jti, client, plugin, workspaceTexts, workspaceGen, runTexts } = revocableFacts(
    kid,
    claims,
  )
  const tokenWith = (values: readonly string[]): RevocableToken => {
    const ofWorkspaces = values.slice(0, workspaceTexts.length)
    const workspaces = ofWorkspaces.map((value) => ({ value, gen: workspaceGen }))
    return { kid, jti, client, plugin, workspaces, runs: values.slice(workspaceTexts.length) }
  }
  const texts = [...workspaceTexts, ...runTexts]
  if (hashedNow !== null) return tokenWith(texts.map(hashedNow))
  return Promise.all(texts.map(hashedLater)).then(tokenWith)
}
