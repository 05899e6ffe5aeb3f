// The route table: every address, in the order in which the middleware runs. No logic.
import { Hono } from 'hono'
import { openApi } from './admin/reference/openapi.ts'
import { reference } from './admin/reference/page.ts'
import { administration } from './admin/api/routes.ts'
import { BASE } from './admin/api/table.ts'
import type { AppEnv, Deps } from './deps.ts'
import { anyOrigin, etags, requestIds, securityHeaders } from './http/headers.ts'
import { healthz, metrics, readyz } from './http/health.ts'
import { methodNotAllowed, notFound, renderError } from './http/render.ts'
import { canonicalPaths } from './http/target.ts'
import { authorize } from './oauth/authorize.ts'
import {
  deleteConfiguration,
  readConfiguration,
  updateConfiguration,
} from './oauth/client-configuration.ts'
import { introspect } from './oauth/introspect.ts'
import { jwks } from './oauth/jwks.ts'
import { metadata } from './oauth/metadata.ts'
import { register } from './oauth/register.ts'
import { revocations } from './oauth/revocations.ts'
import { revokeRun } from './oauth/revoke-run.ts'
import { revoke } from './oauth/revoke.ts'
import { token } from './oauth/token.ts'

export type { Deps } from './deps.ts'

/** The server as a Fetch API handler (`app.fetch`), for Node, Workers and tests alike. */
export const createApp = (deps: Deps): Hono<AppEnv> => {
  const app = new Hono<AppEnv>()
  app.use(requestIds, securityHeaders(deps.issuer))
  app.route(BASE, administration(deps))
  app.use(canonicalPaths(notFound))

  app.get('/oauth/authorize', authorize).post(authorize).all(methodNotAllowed('GET, HEAD, POST'))
  app.post('/oauth/token', token(deps)).all(methodNotAllowed('POST'))
  app.post('/oauth/introspect', introspect(deps)).all(methodNotAllowed('POST'))
  app.post('/oauth/revoke', revoke(deps)).all(methodNotAllowed('POST'))
  app.post('/oauth/runs/revoke', revokeRun(deps)).all(methodNotAllowed('POST'))

  app.post('/oauth/register', register(deps)).all(methodNotAllowed('POST'))
  app
    .get('/oauth/register/:client_id', readConfiguration(deps))
    .put(updateConfiguration(deps))
    .delete(deleteConfiguration(deps))
    .all(methodNotAllowed('GET, HEAD, PUT, DELETE'))

  app.get('/oauth/revocations', anyOrigin, revocations(deps)).all(methodNotAllowed('GET, HEAD'))
  app.get('/.well-known/jwks.json', anyOrigin, etags, jwks(deps)).all(methodNotAllowed('GET, HEAD'))
  const serverMetadata = metadata(deps)
  app
    .get('/.well-known/oauth-authorization-server', anyOrigin, etags, serverMetadata)
    .all(methodNotAllowed('GET, HEAD'))
  app
    .get('/.well-known/openid-configuration', anyOrigin, etags, serverMetadata)
    .all(methodNotAllowed('GET, HEAD'))

  app.get('/openapi.json', etags, openApi(deps)).all(methodNotAllowed('GET, HEAD'))
  app.get('/docs', etags, reference(deps)).all(methodNotAllowed('GET, HEAD'))

  app.get('/healthz', healthz).all(methodNotAllowed('GET, HEAD'))
  app.get('/readyz', readyz(deps)).all(methodNotAllowed('GET, HEAD'))
  app.get('/metrics', metrics(deps)).all(methodNotAllowed('GET, HEAD'))

  app.notFound(notFound)
  app.onError(renderError(deps))
  return app
}
