import type { AppContext, Deps } from '../deps.ts'
import { jwksMaxAge, publicJwks } from '../signing/keyring.ts'

/** `GET /.well-known/jwks.json`: every key whose signatures are good, also those that sign later (RFC 7517 §5). */
export const jwks =
  ({ store }: Pick<Deps, 'store'>) =>
  async (c: AppContext) => {
    const body = JSON.stringify(publicJwks(await store.listKeys()))
    return c.body(body, 200, {
      'Content-Type': 'application/jwk-set+json',
      'Cache-Control': `public, max-age=${jwksMaxAge()}`,
    })
  }
