// What rules compare of a token. Computed once, when it is first verified.
import { RUN_TYPE, detailsOf } from './details.ts'
import type { AccessTokenClaims } from './token.ts'

type Counted = { readonly value: string; readonly gen: number }

export type RevocationSubject = {
  readonly kid: string
  readonly jti: string
  readonly client: Counted | null
  readonly plugin: Counted | null
  readonly workspace: Counted | null
  readonly runs: readonly string[]
}

/** What is missing, or no number of ours, counts as the oldest: any rule over its value matches. */
const generationOf = (value: unknown): number => (Number.isSafeInteger(value) ? Number(value) : -1)

const counted = (value: unknown, generation: unknown): Counted | null =>
  typeof value === 'string' ? { value, gen: generationOf(generation) } : null

/** The list is public and names neither tenants nor runs. */
const hashed = async (text: string): Promise<string> => {
  const digest = new Uint8Array(
    await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)),
  )
  const base64 = btoa(String.fromCharCode(...digest))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace('=', '')
}

export const workspaceValue = (workspace: string): Promise<string> => hashed(workspace)

export const runValue = (workspace: string, identifier: string): Promise<string> =>
  hashed(`${workspace}\n${identifier}`)

export const subjectOf = async (
  kid: string,
  claims: AccessTokenClaims,
): Promise<RevocationSubject> => {
  const id = claims['workspace_id']
  const workspace = typeof id === 'string' ? id : null
  const identifiers = detailsOf(claims, RUN_TYPE)
    .map((detail) => detail['identifier'])
    .filter((identifier) => typeof identifier === 'string')
  return {
    kid,
    jti: claims.jti,
    client: counted(claims.client_id, claims['client_gen']),
    plugin: counted(claims['plugin_id'], claims['plugin_gen']),
    workspace: counted(workspace && (await workspaceValue(workspace)), claims['workspace_gen']),
    runs: await Promise.all(identifiers.map((run) => runValue(workspace ?? '', run))),
  }
}
