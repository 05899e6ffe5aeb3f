// Refusals as problem details (RFC 9457), with a stable `code`.
import { respond } from '../../http/respond.ts'
import { VerificationError, authorizationChallenge } from '@latchkey/verifier'
import { z } from 'zod'
import { RETRY_AFTER_SECONDS } from '../../constants.ts'
import type { AppContext, Deps } from '../../deps.ts'
import {
  ANSWER_ENDED_TITLE,
  AlreadyExists,
  AnswerEnded,
  Conflict,
  type Existing,
  type FieldError,
  OperationRefused,
  REFUSALS,
  RefusedForNow,
  Unavailable,
} from '../../errors.ts'
import { loggedPath } from '../../http/render.ts'
import { NO_STORE } from '../../http/headers.ts'
import { toJson } from '../../text/text.ts'

export const problemSchema = z
  .strictObject({
    type: z.string().meta({ description: 'Address of the explanation of the code.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().meta({ description: 'Stable name of the refusal.' }),
    errors: z
      .array(z.strictObject({ field: z.string(), detail: z.string() }))
      .optional()
      .meta({ description: 'One entry for each bad field.' }),
    existing: z
      .strictObject({
        noun: z.enum(['workspace', 'audience', 'plugin', 'resource']),
        id: z.string(),
        type: z.string().optional(),
        name: z.string().optional(),
        workspace_id: z.string().optional(),
        deleted: z.boolean(),
      })
      .optional(),
    request_id: z.string(),
  })
  .meta({ id: 'Problem', description: 'A refusal (RFC 9457).' })

type Problem = {
  status: number
  title: string
  detail: string
  code: string
  errors?: readonly FieldError[]
  existing?: Existing
  headers?: Record<string, string>
}

/** Scope that the endpoint requires, for the challenge to a token that lacks it. */
export type NeededScope = string | null

const problemOf = (error: Error, scope: NeededScope): Problem => {
  if (error instanceof OperationRefused) {
    const [status, title] = REFUSALS[error.code]
    const { code, message: detail, errors } = error
    const headers =
      error instanceof RefusedForNow ? { 'Retry-After': String(error.waitSeconds) } : {}
    return {
      title,
      status,
      detail,
      code,
      headers,
      ...(errors.length > 0 && { errors }),
      ...(error instanceof AlreadyExists && { existing: error.existing }),
    }
  }
  if (error instanceof Conflict) {
    const [status, title] = REFUSALS.conflict
    return { title, status, detail: error.message, code: error.code }
  }
  if (error instanceof VerificationError) {
    const { status, headers } = authorizationChallenge(error, scope)
    return { title: error.message, status, detail: error.message, code: error.code, headers }
  }
  if (error instanceof Unavailable) {
    const headers = { 'Retry-After': String(RETRY_AFTER_SECONDS) }
    const title = 'The server is temporarily unable to answer.'
    return { title, status: 503, detail: 'Try again.', code: error.code, headers }
  }
  if (error instanceof AnswerEnded) {
    return { title: ANSWER_ENDED_TITLE, status: 503, detail: error.message, code: error.code }
  }
  const title = 'The server failed unexpectedly.'
  const detail = 'The log of the server has the cause.'
  return { title, status: 500, detail, code: 'server_error' }
}

/** Turns any error of the admin API into its answer and its log line. */
export const renderProblem =
  (deps: Pick<Deps, 'log' | 'metrics' | 'issuer'>) =>
  (error: Error, c: AppContext): Response => {
    const { headers, ...problem } = problemOf(error, c.get('neededScope') ?? null)
    const requestId = c.get('requestId')
    deps.metrics?.refused(problem.code)
    const { code, detail } = problem
    const { reason = reasonOf(error), ...fields } = c.get('requested')?.().fields ?? {}
    const line = { requestId, path: loggedPath(c), code, reason, ...fields }
    if (problem.status < 500) deps.log.info({ ...line, detail }, 'refused')
    else if (error instanceof AnswerEnded)
      deps.log.warn({ ...line, detail }, 'an answer was aborted')
    else deps.log.error({ ...line, ...serverDetail(error) }, 'server error')
    const type = `${deps.issuer}/docs#${problem.code}`
    return respond(c, problem.status, toJson({ type, ...problem, request_id: requestId }), {
      ...NO_STORE,
      ...headers,
      'Content-Type': 'application/problem+json',
    })
  }

/** The failed check of a refused token; undefined for any other error. */
const reasonOf = (error: Error): string | undefined =>
  error instanceof VerificationError ? error.reason.kind : undefined

/** Excludes the driver's message, which can contain parameters. */
const serverDetail = (error: Error): Record<string, unknown> =>
  error instanceof Unavailable
    ? { driverCode: error.driverCode }
    : { name: error.name, stack: error.stack }
