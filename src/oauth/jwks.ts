import type { AppContext, Deps } from '../deps.ts'
import { createDocument } from '../http/document.ts'
import { jwksMaxAge, publicJwks } from '../signing/keyring.ts'
import { settledSeconds } from '../upkeep/timekeeper.ts'

/**
 * `GET /.well-known/jwks.json` (RFC 7517 §5): every published key, also those that sign later. The
 * settled time decides which retired keys are left out: after a clock ahead is set right, caches
 * would still lack a key that was left out early.
 */
export const jwks = (deps: Pick<Deps, 'store' | 'clock' | 'algorithms' | 'keyRotationSeconds'>) => {
  const send = createDocument()
  return async (c: AppContext) => {
    const keys = await deps.store.listKeys()
    const now = await settledSeconds(deps)
    const { algorithms, keyRotationSeconds: rotationSeconds } = deps
    const body = JSON.stringify(publicJwks(keys, now))
    return send(c, body, {
      'Content-Type': 'application/jwk-set+json',
      'Cache-Control': `public, max-age=${jwksMaxAge(keys, now, { algorithms, rotationSeconds })}`,
    })
  }
}
