import type { AppContext, Deps } from '../deps.ts'
import { createDocument } from '../http/document.ts'
import { jwksMaxAge, publicJwks } from '../signing/keyring.ts'
import type { SigningKey } from '../store/store.ts'
import { settledSeconds } from '../upkeep/timekeeper.ts'

/**
 * `GET /.well-known/jwks.json` (RFC 7517 §5): every published key, also those that sign later. The
 * settled time decides which retired keys are left out: after a clock ahead is set right, caches
 * would still lack a key that was left out early.
 */
export const jwks = (deps: Pick<Deps, 'store' | 'clock' | 'algorithms' | 'keyRotationSeconds'>) => {
  const send = createDocument()
  const { algorithms, keyRotationSeconds: rotationSeconds } = deps
  const made = (keys: SigningKey[], now: number) => ({
    keys,
    now,
    text: JSON.stringify(publicJwks(keys, now)),
    maxAge: jwksMaxAge(keys, now, { algorithms, rotationSeconds }),
  })
  let latest: ReturnType<typeof made> | undefined
  return async (c: AppContext) => {
    // The store returns the same array until the database changes.
    const keys = await deps.store.listKeys()
    const now = await settledSeconds(deps)
    if (latest?.keys !== keys || latest.now !== now) latest = made(keys, now)
    return send(c, latest.text, {
      'Content-Type': 'application/jwk-set+json',
      'Cache-Control': `public, max-age=${latest.maxAge}`,
    })
  }
}
