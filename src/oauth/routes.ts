// Routes of the OAuth server: made from the table of addresses.
import type { Hono, MiddlewareHandler } from 'hono'
import type { AppEnv, Deps } from '../deps.ts'
import { allowHeader, anyOrigin, noStore } from '../http/headers.ts'
import { methodNotAllowed } from '../http/render.ts'
import { type Endpoint, operationsOf } from './endpoint.ts'
import { refuseInQuery } from './query.ts'
import { ENDPOINTS } from './table.ts'

const CACHING: Readonly<Record<Endpoint['caching'], readonly MiddlewareHandler<AppEnv>[]>> = {
  'no-store': [noStore],
  public: [anyOrigin],
  validated: [anyOrigin],
}

/** Adds every address of the table with its middleware, and 405 for its other methods. */
export const addOAuthRoutes = (app: Hono<AppEnv>, deps: Deps): void => {
  for (const endpoint of ENDPOINTS) {
    const { path, caching } = endpoint
    const operations = operationsOf(endpoint)
    for (const [method, operation] of operations) {
      const handlers = [...CACHING[caching], refuseInQuery(operation), operation.handle(deps)]
      app.on(method, [path], ...handlers)
    }
    app.all(path, methodNotAllowed(allowHeader(operations.map(([method]) => method))))
  }
}
