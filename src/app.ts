// The route table: every address, in the order in which the middleware runs. No logic. The
// addresses below `/oauth`, `/.well-known` and `/admin/v1` have tables of their own.
import { Hono } from 'hono'
import { openApi } from './admin/reference/openapi.ts'
import { home } from './admin/reference/home.ts'
import { SCRIPT_PATH, STYLE_PATH, script, styleSheet } from './admin/reference/html.ts'
import { reference } from './admin/reference/page.ts'
import { administration } from './admin/api/routes.ts'
import { BASE } from './admin/api/table.ts'
import type { ApiDeps } from './admin/api/handler.ts'
import type { AppEnv, Deps as CommonDeps } from './deps.ts'
import { allowHeader, everyAnswer } from './http/headers.ts'
import { healthz, metrics, readyz } from './http/health.ts'
import { methodNotAllowed, notFound, renderError } from './http/render.ts'
import { canonicalPaths } from './http/target.ts'
import { addOAuthRoutes } from './oauth/routes.ts'

/** All dependencies of the app. */
export type Deps = CommonDeps & Pick<ApiDeps, 'rehearse'>

/** Makes the server as a Fetch API handler (`app.fetch`), for Node, Workers and tests. */
export const createApp = (deps: Deps): Hono<AppEnv> => {
  const app = new Hono<AppEnv>()
  app.use(everyAnswer(deps.issuer))
  app.route(BASE, administration(deps))
  app.use(canonicalPaths(notFound))

  addOAuthRoutes(app, deps)

  const readOnly = methodNotAllowed(allowHeader(['GET']))
  app.get('/', home(deps)).all(readOnly)
  app.get('/openapi.json', openApi(deps)).all(readOnly)
  app.get('/docs', reference(deps)).all(readOnly)
  app.get(STYLE_PATH, styleSheet()).all(readOnly)
  app.get(SCRIPT_PATH, script()).all(readOnly)

  app.get('/healthz', healthz).all(readOnly)
  app.get('/readyz', readyz(deps)).all(readOnly)
  app.get('/metrics', metrics(deps)).all(readOnly)

  app.notFound(notFound)
  app.onError(renderError(deps))
  return app
}
