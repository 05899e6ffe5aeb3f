// The key source of a verifier: the JWK Set of its issuer, with the algorithms that it accepts.
import { DEFAULT_KEYS_MAX_STALE_SECONDS, LIST_ALGORITHM } from '../constants.ts'
import type { Reporter } from '../events.ts'
import type { AbortFlag } from '../net/abort-flag.ts'
import type { Fetch } from '../net/fetch.ts'
import { unrefFetch } from '../net/unref-fetch.ts'
import { fetchKeys } from './jwks.ts'
import { type KeySource, createKeySource } from './key-source.ts'

/** The part of `VerifierOptions` that concerns keys. */
type KeyOptions = {
  issuer: string
  jwksUri?: string
  /** Undefined: the issuer's list is followed, and the key that signs it is needed as well. */
  revocations?: unknown
  keysMaxStale?: number
  fetch?: Fetch
}

type Context = {
  algorithms: readonly string[]
  monotonic: () => number
  report: Pick<Reporter, 'keysFailed' | 'keysGood'>
  closed: AbortFlag
}

export const issuerKeys = (
  options: KeyOptions,
  { algorithms, monotonic, report, closed }: Context,
): KeySource =>
  createKeySource({
    async load({ renew }) {
      // A waiting token has a timer of its own that keeps the process alive.
      const fetch = options.fetch ?? unrefFetch
      const url = options.jwksUri ?? `${options.issuer}/.well-known/jwks.json`
      // The list may be signed with another algorithm than tokens. Each is checked against its own.
      const ofList = options.revocations === undefined ? [LIST_ALGORITHM] : []
      const request = { fetch, renew, signal: closed, algorithms: [...algorithms, ...ofList] }
      try {
        const fetched = await fetchKeys(url, request)
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
