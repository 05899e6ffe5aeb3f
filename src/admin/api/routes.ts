// Routes of the admin API, below BASE: made from the table of endpoints.
import { Hono } from 'hono'
import type { AppContext, AppEnv } from '../../deps.ts'
import { OperationRefused } from '../../errors.ts'
import { addHeaders, allowHeader, etags } from '../../http/headers.ts'
import { canonicalPaths } from '../../http/target.ts'
import { createAuthentication } from './authentication.ts'
import type { Endpoint } from './endpoint.ts'
import { type ApiDeps, createHandler } from './handler.ts'
import { renderProblem } from './problem.ts'
import { ENDPOINTS } from './table.ts'

export const administration = (deps: ApiDeps): Hono<AppEnv> => {
  const app = new Hono<AppEnv>()
  const authenticate = createAuthentication(deps)
  const handler = createHandler(deps, authenticate)
  /** Authenticates first: a client without a token does not learn which addresses exist. */
  const refuse = (error: (c: AppContext) => Error) => async (c: AppContext) => {
    await authenticate(c, null, { action: 'admin.request', target: null })
    throw error(c)
  }

  const notFound = refuse(
    () => new OperationRefused('not_found', 'there is nothing at this address'),
  )
  app.use(canonicalPaths(notFound))
  app.get('*', etags)
  for (const [path, endpoints] of endpointsByPath()) {
    for (const endpoint of endpoints) app.on(endpoint.method, path, handler(endpoint))
    app.all(
      path,
      refuse((c) => methodNotAllowed(c, allowOf(endpoints))),
    )
  }
  app.all('*', notFound)
  app.onError(renderProblem(deps))
  return app
}

/** `/clients/{client_id}` for Hono. */
const routeOf = (path: string): string => path.replaceAll(/{(\w+)}/g, ':$1')

/** Groups the table by path and keeps its order: a fixed path comes before one with a parameter that matches it. */
const endpointsByPath = (): Map<string, Endpoint[]> => {
  const paths = new Map<string, Endpoint[]>()
  for (const endpoint of ENDPOINTS) {
    const path = routeOf(endpoint.path)
    paths.set(path, [...(paths.get(path) ?? []), endpoint])
  }
  return paths
}

const allowOf = (endpoints: readonly Endpoint[]): string =>
  allowHeader(endpoints.map(({ method }) => method.toUpperCase()))

const methodNotAllowed = (c: AppContext, allow: string): OperationRefused => {
  addHeaders(c, { Allow: allow })
  return new OperationRefused('method_not_allowed', `this address answers ${allow}`)
}
