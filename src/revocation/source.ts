// The store as a revocation source, for a verifier in the server's own process.
import { revocableFacts } from '@latchkey/verifier/internal'
import { ruleValue } from '../grants/taking-away.ts'
import type { RevocationLookup, Store } from '../store/store.ts'

/** The claims that rules compare. A malformed claim counts as absent. */
export type RevocableClaims = { readonly [claim: string]: unknown }

/** The facts that rules compare, from a token whose signature has been verified. */
export const revocationLookup = (kid: string, claims: RevocableClaims): RevocationLookup => {
  const { jti, client, plugin, ...facts } = revocableFacts(kid, claims)
  return {
    kid,
    jti,
    exp: typeof claims['exp'] === 'number' ? claims['exp'] : -1,
    clientId: client?.value ?? '',
    clientGen: client?.gen ?? -1,
    workspace: {
      id: typeof claims['workspace_id'] === 'string' ? claims['workspace_id'] : null,
      values: facts.workspaceTexts.map(ruleValue),
      generation: facts.workspaceGen,
    },
    plugin: plugin && { id: plugin.value, generation: plugin.gen },
    runs: facts.runTexts.map(ruleValue),
  }
}

/**
 * The store as `createVerifier({ revocations: storeRevocations(store) })`. Looks up every token at every use, so that a
 * revocation takes effect with its commit. @throws Unavailable where the store does not answer
 */
export const storeRevocations = (store: Pick<Store, 'findRevocation'>) => ({
  async isRevoked(claims: RevocableClaims, { kid }: { readonly kid: string }): Promise<boolean> {
    return (await store.findRevocation(revocationLookup(kid, claims))) !== null
  },
})
