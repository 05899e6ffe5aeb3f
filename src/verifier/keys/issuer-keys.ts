// The keys of a verifier's issuer: where they are, how they are asked for, and what they are for.
import { DEFAULT_KEYS_MAX_STALE_SECONDS, LIST_ALGORITHM } from '../constants.ts'
import type { AbortFlag } from '../net/abort-flag.ts'
import type { Reporter } from '../events.ts'
import { fetchKeys } from './jwks.ts'
import { type KeySource, createKeySource } from './key-source.ts'
import type { Fetch } from '../net/fetch.ts'
import { unrefFetch } from '../net/unref-fetch.ts'

/** The part of `VerifierOptions` that concerns keys. */
type KeyOptions = {
  issuer: string
  jwksUri?: string
  /** Undefined: the issuer's list is followed, and its key is needed as well. */
  revocations?: unknown
  keysMaxStale?: number
  fetch?: Fetch
}

type KeyParts = {
  algorithms: readonly string[]
  monotonic: () => number
  report: Pick<Reporter, 'keysFailed' | 'keysGood'>
  closed: AbortFlag
}

export const issuerKeys = (
  options: KeyOptions,
  { algorithms, monotonic, report, closed }: KeyParts,
): KeySource =>
  createKeySource({
    async load({ renew }) {
      const fetch = options.fetch ?? unrefFetch // a token that waits has a timer that keeps the process alive
      const url = options.jwksUri ?? `${options.issuer}/.well-known/jwks.json`
      // The list's key may be for another algorithm than tokens: each is checked against its own.
      const followed = options.revocations === undefined ? [LIST_ALGORITHM] : []
      const loading = { fetch, renew, signal: closed, algorithms: [...algorithms, ...followed] }
      try {
        const fetched = await fetchKeys(url, loading)
        report.keysGood()
        return fetched
      } catch (error) {
        report.keysFailed(error)
        throw error
      }
    },
    monotonic,
    maxStaleMs: (options.keysMaxStale ?? DEFAULT_KEYS_MAX_STALE_SECONDS) * 1000,
  })
