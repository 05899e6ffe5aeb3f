import type { AppContext, Deps } from '../deps.ts'
import { createDocument } from '../http/document.ts'
import { jwksMaxAge, publicJwks } from '../signing/keyring.ts'
import { settledSeconds } from '../upkeep/timekeeper.ts'

/**
 * `GET /.well-known/jwks.json`: every key whose signatures are good, also those that sign later (RFC 7517 §5). A key is
 * left out by the settled time: caches would go on without it after a clock ahead is set right.
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
