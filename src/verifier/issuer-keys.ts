// The keys of a verifier's issuer: where they are, how they are asked for, and what they are for.
import { DEFAULT_KEYS_MAX_STALE_SECONDS } from './constants.ts'
import type { Ending } from './ending.ts'
import { fetchKeys } from './jwks.ts'
import { type KeySource, createKeySource } from './keys.ts'
import { LIST_ALGORITHM } from './revocation-list.ts'
import { unheldFetch } from './unheld-fetch.ts'
import type { VerifierOptions } from './verifier.ts'

type KeyParts = {
  algorithms: readonly string[]
  monotonic: () => number
  closed: Ending
}

export const issuerKeys = (
  options: VerifierOptions,
  { algorithms, monotonic, closed }: KeyParts,
): KeySource =>
  createKeySource({
    load: ({ renew, following }) => {
      const fetch = options.fetch ?? (following ? unheldFetch : globalThis.fetch)
      const signal = following ? closed : undefined // tokens are checked after it, too
      const url = options.jwksUri ?? `${options.issuer}/.well-known/jwks.json`
      // The list's key may be for another algorithm than tokens: each is checked against its own.
      const followed = options.revocations === undefined ? [LIST_ALGORITHM] : []
      return fetchKeys(url, { fetch, renew, signal, algorithms: [...algorithms, ...followed] })
    },
    monotonic,
    maxStaleMs: (options.keysMaxStale ?? DEFAULT_KEYS_MAX_STALE_SECONDS) * 1000,
  })
