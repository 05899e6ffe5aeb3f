// Steps of each request to the admin API: authenticate, read the input, run the operation, answer.
import { respond } from '../../http/respond.ts'
import { z } from 'zod'
import type { AuditEvent } from '../../audit/record.ts'
import { nameable } from '../../audit/target.ts'
import { ADMIN_READ, ADMIN_WRITE, DEFAULT_PAGE } from '../../constants.ts'
import type { AppContext, Deps } from '../../deps.ts'
import { AnswerEnded, OperationRefused, REFUSALS, RefusedForNow } from '../../errors.ts'
import { NO_STORE } from '../../http/headers.ts'
import { requestContext } from '../../http/request-context.ts'
import { waitForWrite } from '../../http/write-bounds.ts'
import { toJson } from '../../text/text.ts'
import type { Authority } from '../authority.ts'
import { type AdminCall, type AdminDeps, parse } from '../operation.ts'
import { authorizedRead } from '../reauthorization.ts'
import type { Rehearse } from '../rehearsal.ts'
import type { Authenticate } from './authentication.ts'
import { type Endpoint, type Export, exportLineOf, isRead } from './endpoint.ts'
import { readIfMatch, readJsonObject, readQuery } from './input.ts'
import { ndjsonResponse } from './ndjson.ts'
import { BASE, needsIfMatch } from './table.ts'

export type ApiDeps = AdminDeps &
  Pick<Deps, 'clientAddress' | 'writes'> & { rehearse: Rehearse | null }

export const createHandler =
  (deps: ApiDeps, authenticate: Authenticate) =>
  (endpoint: Endpoint) =>
  async (c: AppContext): Promise<Response> => {
    const { method, action } = endpoint
    const permission = isRead(endpoint) ? ADMIN_READ : ADMIN_WRITE
    c.set('neededScope', permission)
    const params = c.req.param() as Record<string, string>
    const attempt = { action, target: nameable(Object.values(params)[0]) }
    const context = requestContext(c, deps)
    // The caller is authenticated before the server reads a body.
    const caller = await authenticate(c, permission, attempt)
    const input = await readInput(endpoint, c).catch((error: unknown) => {
      countRefusal(deps, { ...context, actor: caller.actor, ...attempt }, error)
      throw error
    })
    // A request with a body is authenticated again: its sender can delay the body until after it has lost the authority.
    const { actor, authority } =
      method === 'get' ? caller : await authenticate(c, permission, attempt)
    if (!isRead(endpoint)) await takeWrite(deps, authority, { ...context, actor, ...attempt })
    const ifMatch = readIfMatch(c.req.header('if-match'))
    const reauthorize = async () => {
      if (c.req.raw.signal.aborted) throw new AnswerEnded('the client has closed the connection')
      return (await authenticate(c, permission, attempt)).authority
    }
    const { signal } = c.req.raw
    const as = { ...context, actor }
    const { rehearse } = deps
    const call: AdminCall = { deps, as, authority, reauthorize, ifMatch, signal, rehearse }
    const result = await runHandler(endpoint, call, { ...params, ...input }).catch(
      async (error: unknown) => {
        if (isRead(endpoint)) await auditRefusal(call, attempt, error)
        throw error
      },
    )
    return answer(c, endpoint, { result, log: deps.log })
  }

/** Charges a write to a bound administrator's budget. Unbound ones have no budget. @throws RefusedForNow */
const takeWrite = async (
  deps: Pick<ApiDeps, 'writes' | 'audit'>,
  { workspaceId, maker }: Authority,
  event: Pick<AuditEvent, 'actor' | 'action' | 'target'>,
): Promise<void> => {
  if (workspaceId === null) return
  const writer = { clientId: maker?.clientId ?? null, workspaceId }
  const waitSeconds = await waitForWrite(writer, 'administration', deps)
  if (waitSeconds === 0) return
  const refused = new RefusedForNow('writes_exceeded', { waitSeconds })
  countRefusal(deps, { ...event, target: null }, refused)
  throw refused
}

/** Counts a refusal of an operation that was not started. */
const countRefusal = (
  { audit }: Pick<AdminDeps, 'audit'>,
  event: Pick<AuditEvent, 'actor' | 'action' | 'target'>,
  error: unknown,
): void => {
  if (!(error instanceof OperationRefused)) return
  audit.count({ ...event, outcome: 'refused', reason: error.code })
}

/** Runs the operation. A read is answered only to a caller that still has the authority after it. */
const runHandler = (endpoint: Endpoint, call: AdminCall, input: object): Promise<unknown> => {
  const running = () => endpoint.handle(call, input as never)
  return isRead(endpoint) ? authorizedRead(call, running) : running()
}

/** Records refused reads that exceed the caller's authority. Changes write their own audit rows. */
const auditRefusal = async (
  { deps, as, authority }: AdminCall,
  attempt: { action: string; target: string | null },
  error: unknown,
): Promise<void> => {
  if (!(error instanceof OperationRefused)) return
  if (REFUSALS[error.code][0] === 403) {
    await deps.audit.write({ ...as, ...attempt, outcome: 'refused', reason: error.code })
  } else if (error.code === 'not_found' && authority.workspaceId !== null) {
    // A bound administrator may be searching for rows of other workspaces.
    countRefusal(deps, { ...as, ...attempt }, error)
  }
}

const NO_MEMBERS = z.strictObject({})

const readInput = async ({ method, query, body }: Endpoint, c: AppContext) => {
  const parameters = readQuery(c.req.url)
  if (needsIfMatch(method) && c.req.header('if-match') === undefined) {
    const message = 'If-Match: must have the etag that was read, in double quotes'
    throw new OperationRefused('precondition_required', message)
  }
  const json = method === 'get' ? {} : await readJsonObject(c.req.raw)
  if (query === undefined) parse(NO_MEMBERS, parameters)
  if (body === undefined) parse(NO_MEMBERS, json)
  const needsLimit =
    query !== undefined && 'limit' in query.shape && parameters['limit'] === undefined
  return { query: needsLimit ? { ...parameters, limit: DEFAULT_PAGE } : parameters, body: json }
}

const answer = (
  c: AppContext,
  { location, response }: Endpoint,
  { result, log }: { result: unknown } & Pick<Deps, 'log'>,
): Response => {
  const { etag } = result as { etag?: string }
  const tagged = { ...NO_STORE, ...(etag !== undefined && { ETag: `"${etag}"` }) }
  if (exportLineOf(response) !== undefined) {
    return ndjsonResponse(c, result as Export<unknown>, { headers: tagged, log })
  }
  return respond(c, location === undefined ? 200 : 201, toJson(result), {
    ...tagged,
    'Content-Type': 'application/json',
    ...(location && { Location: BASE + location(result as never) }),
  })
}
