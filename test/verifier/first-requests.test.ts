// Requests that a verifier makes when it is created, and those for its first token.
import { expect, test, vi } from 'vitest'
import { type VerifierOptions, anyPlugin, createVerifier } from '../../src/verifier/index.ts'
import { createTestIssuer } from '../../src/verifier/testing/issuer.ts'

const JWKS = '/.well-known/jwks.json'
const LIST = '/oauth/revocations'

/** Options, requests at creation, and all requests after the first token. */
const CASES: readonly (readonly [Partial<VerifierOptions>, string[], string[]])[] = [
  [{ follow: 'background' }, [JWKS, LIST], [JWKS, LIST]],
  [{ follow: 'on-use' }, [], [JWKS, LIST]],
  [{ revocations: 'none' }, [], [JWKS]],
  [{ revocations: { isRevoked: () => false } }, [], [JWKS]],
]

test.each(CASES)(
  'verifier makes its first requests by the options %o',
  async (options, atOnce, withToken) => {
    const issuer = await createTestIssuer()
    const asked = new Set<string>()
    const verifier = createVerifier({
      issuer: issuer.issuer,
      audience: 'hook',
      ...options,
      fetch(url, init) {
        asked.add(new URL(url).pathname)
        return issuer.fetch(url, { signal: init.signal ?? null })
      },
    })
    const paths = () => [...asked].toSorted()
    await vi.waitFor(() => expect(paths()).toEqual(atOnce))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(paths()).toEqual(atOnce)
    const token = await issuer.token({ audience: 'hook', pluginId: 'acme.sync' })
    await verifier.verify(token, { permission: null, plugin: anyPlugin })
    expect(paths()).toEqual(withToken)
    verifier.close()
  },
)
