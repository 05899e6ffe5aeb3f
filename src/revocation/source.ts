// The store as a revocation source: for the verifier of whoever runs in the server's own process.
import { TOOL_RUN } from '../grants/details.ts'
import { isObject } from '../json.ts'
import type { RevocationLookup, Store } from '../store/store.ts'
import {
  namedRunValue,
  namedWorkspaceValue,
  runRuleValue,
  workspaceRuleValue,
} from '../grants/taking-away.ts'

/** The claims that rules look at. Those that are missing or of another type count as absent. */
export type RevocableClaims = { readonly [claim: string]: unknown }

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** An id whose generation is missing counts as the oldest, so that any rule over it matches. */
const counted = (id: unknown, generation: unknown) =>
  typeof id === 'string' ? { id, generation: generationOf(generation) } : null

const generationOf = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : -1

type Named = { id: string | undefined; reference: string | undefined }

/** By the reference, and by the id, as rules of older servers name it. */
const workspaceValues = ({ id, reference }: Named): string[] => [
  ...(id === undefined ? [] : [namedWorkspaceValue(id)]),
  ...(reference === undefined ? [] : [workspaceRuleValue(reference)]),
]

/** Of each run that the token names, whatever else its details say. */
const runValues = (details: unknown, { id, reference }: Named): string[] =>
  (Array.isArray(details) ? (details as unknown[]) : []).flatMap((entry) => {
    if (!isObject(entry) || entry['type'] !== TOOL_RUN) return []
    const identifier = text(entry['identifier'])
    if (identifier === undefined) return []
    const byName = namedRunValue(id ?? null, identifier)
    return reference === undefined ? [byName] : [byName, runRuleValue(reference, identifier)]
  })

/** What the rules compare, of a token whose signature has been verified. */
export const revocationLookup = (kid: string, claims: RevocableClaims): RevocationLookup => {
  const named = { id: text(claims['workspace_id']), reference: text(claims['workspace_ref']) }
  return {
    kid,
    jti: text(claims['jti']) ?? '',
    exp: typeof claims['exp'] === 'number' ? claims['exp'] : -1,
    clientId: text(claims['client_id']) ?? '',
    clientGen: generationOf(claims['client_gen']),
    workspace: {
      id: named.id ?? null,
      values: workspaceValues(named),
      generation: generationOf(claims['workspace_gen']),
    },
    plugin: counted(claims['plugin_id'], claims['plugin_gen']),
    runs: runValues(claims['authorization_details'], named),
  }
}

/**
 * For `createVerifier({ revocations: storeRevocations(store) })`: every token is looked up, so that a
 * revocation holds with its commit. @throws Unavailable where the store does not answer
 */
export const storeRevocations = (store: Pick<Store, 'findRevocation'>) => ({
  async isRevoked(claims: RevocableClaims, { kid }: { readonly kid: string }): Promise<boolean> {
    return (await store.findRevocation(revocationLookup(kid, claims))) !== null
  },
})
