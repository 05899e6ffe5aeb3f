// The query of a request: logs, proxies and browser histories keep it, so no credential belongs
// there.
import { createMiddleware } from 'hono/factory'
import type { AppEnv } from '../deps.ts'
import { refusedValue } from '../errors.ts'
import { isMember } from './client-metadata.ts'
import type { Operation } from './endpoint.ts'
import { isCredential, isFormParameter } from './parameters.ts'
import { logRequested } from './requested.ts'

/**
 * Tells for each kind of body which names the query must not have, besides those of credentials.
 */
const BELONGS_IN_BODY: Readonly<Record<Operation['body'], (name: string) => boolean>> = {
  none: () => false,
  form: isFormParameter,
  json: isMember,
}

/**
 * Middleware: refuses a credential in the query of every address, and in that of an address with a
 * body also the parameters and members that belong in the body. Comes before authentication, so no
 * handler can omit it.
 * @throws OAuthError `parameter_in_query`
 */
export const refuseInQuery = ({ body }: Operation) =>
  createMiddleware<AppEnv>(async (c, next) => {
    if (body === 'form') logRequested(c)
    const start = c.req.url.indexOf('?')
    const query = start < 0 ? '' : c.req.url.slice(start + 1)
    if (query !== '') {
      const names = [...new URLSearchParams(query).keys()].filter(
        (name) => isCredential(name) || BELONGS_IN_BODY[body](name),
      )
      if (names.length > 0) throw refusedValue('parameter_in_query', names)
    }
    await next()
  })
