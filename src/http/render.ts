// Renders errors as answers and log lines. No other file does, except for the admin API.
import { MAX_LOGGED_PATH_CHARS, RETRY_AFTER_SECONDS } from '../constants.ts'
import type { AppContext, Deps, Requested } from '../deps.ts'
import { OAUTH_ERRORS, OAuthError, type OAuthErrorCode, Unavailable } from '../errors.ts'
import { NO_STORE } from './headers.ts'
import { respondJson } from './respond.ts'
import { describable, hideSecrets, hidingSecret } from '../text/redaction.ts'

type RenderDeps = Pick<Deps, 'log' | 'metrics'>

const answer = (
  c: AppContext,
  code: OAuthErrorCode,
  { headers = {}, body = {} }: { headers?: Record<string, string>; body?: object } = {},
) => {
  const [status, error, description] = OAUTH_ERRORS[code]
  return respondJson(
    c,
    status,
    { error, error_description: description, code, ...body },
    { ...NO_STORE, ...headers },
  )
}

/**
 * The beginning of the path, without secrets and tokens. Cut first, because a path can have 16 KiB.
 */
export const loggedPath = (c: AppContext): string =>
  hideSecrets(c.req.path.slice(0, MAX_LOGGED_PATH_CHARS))

const NOTHING_REQUESTED: Requested = { fields: {}, hide: hidingSecret(null) }

/**
 * Renders our errors by their table, and any other error as `server_error` with its detail in the
 * log alone.
 */
export const renderError = (deps: RenderDeps) => (error: Error, c: AppContext) => {
  const requestId = c.get('requestId')
  if (error instanceof OAuthError) {
    deps.metrics?.refused(error.code)
    const { code, reason } = error
    const { fields, hide } = c.get('requested')?.() ?? NOTHING_REQUESTED
    const detail = describable(hide(error.message))
    deps.log.info({ requestId, path: loggedPath(c), code, reason, detail, ...fields }, 'refused')
    const body = { error_description: detail }
    return answer(c, code, { headers: error.headers, body })
  }
  if (error instanceof Unavailable) {
    deps.metrics?.refused(error.code)
    deps.log.error(
      { requestId, path: loggedPath(c), driverCode: error.driverCode },
      'store unavailable',
    )
    return answer(c, 'store_unavailable', {
      headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
    })
  }
  deps.metrics?.refused('server_error')
  deps.log.error(
    { requestId, path: loggedPath(c), name: error.name, stack: error.stack },
    'server error',
  )
  return answer(c, 'server_error', { body: { request_id: requestId } })
}

export const notFound = (c: AppContext) => answer(c, 'not_found')

/** Answers 405 (RFC 9110 §15.5.6). @param allow the methods of the address */
export const methodNotAllowed = (allow: string) => (c: AppContext) =>
  answer(c, 'method_not_allowed', { headers: { Allow: allow } })
