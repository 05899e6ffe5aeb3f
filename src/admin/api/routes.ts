// The admin API, below /admin/v1: every address with its methods, from the table of endpoints.
import { Hono } from 'hono'
import { z } from 'zod'
import type { AuditEvent } from '../../audit/record.ts'
import { ADMIN_READ, ADMIN_WRITE, DEFAULT_PAGE } from '../../constants.ts'
import type { AppContext, AppEnv, Deps } from '../../deps.ts'
import { AnswerEnded, OperationRefused, REFUSALS, WritesExceeded } from '../../errors.ts'
import { NO_STORE, etags } from '../../http/headers.ts'
import { canonicalPaths } from '../../http/target.ts'
import { waitForWrite } from '../../http/write-bounds.ts'
import { toJson } from '../../text/text.ts'
import type { Authority } from '../authority.ts'
import { authorizedRead } from '../lasting.ts'
import { nameable } from '../../audit/target.ts'
import { type AdminCall, type AdminDeps, parse } from '../operation.ts'
import { audiences } from './audiences.ts'
import { audit } from './audit.ts'
import { createCallers } from './caller.ts'
import { clients } from './clients.ts'
import { details } from './details.ts'
import { type Endpoint, type Exported, lineOf } from './endpoint.ts'
import { enrollments } from './enrollments.ts'
import { readIfMatch, readJsonObject, readQuery } from './input.ts'
import { keys } from './keys.ts'
import { exportLines } from './lines.ts'
import { plugins } from './plugins.ts'
import { renderProblem } from './problem.ts'
import { resources } from './resources.ts'
import { revocations } from './revocations.ts'
import { runs } from './runs.ts'
import { secrets } from './secrets.ts'
import { workspaces } from './workspaces.ts'

/** The OpenAPI document is made of this table, too. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...workspaces,
  ...audiences,
  ...plugins,
  ...resources,
  ...clients,
  ...details,
  ...secrets,
  ...enrollments,
  ...runs,
  ...revocations,
  ...keys,
  ...audit,
]

/** Where the addresses of the table are. */
export const BASE = '/admin/v1'

/** RFC 9110 §13.1.1: whoever replaces or removes says what they have read. Actions by POST need not. */
export const needsIfMatch = (method: string): boolean => ['put', 'patch', 'delete'].includes(method)

type ApiDeps = AdminDeps & Pick<Deps, 'clientAddress' | 'writes'>

export const administration = (deps: ApiDeps): Hono<AppEnv> => {
  const app = new Hono<AppEnv>()
  const callers = createCallers(deps)
  const handler = createHandler(deps, callers)
  /** Whoever has no token is not told what there is. */
  const refused = (error: (c: AppContext) => Error) => async (c: AppContext) => {
    await callers(c, null, { action: 'admin.request', target: null })
    throw error(c)
  }

  const nothing = refused(
    () => new OperationRefused('not_found', 'there is nothing at this address'),
  )
  app.use(canonicalPaths(nothing))
  app.get('*', etags)
  for (const [path, endpoints] of endpointsByPath()) {
    for (const endpoint of endpoints) app.on(endpoint.method, path, handler(endpoint))
    app.all(
      path,
      refused((c) => methodNotAllowed(c, allowOf(endpoints))),
    )
  }
  app.all('*', nothing)
  app.onError(renderProblem(deps))
  return app
}

/** `/clients/{client_id}` for Hono. */
const routeOf = (path: string): string => path.replaceAll(/{(\w+)}/g, ':$1')

/** In the order of the table: an address without a name in braces stands before one that would take it. */
const endpointsByPath = (): Map<string, Endpoint[]> => {
  const paths = new Map<string, Endpoint[]>()
  for (const endpoint of ENDPOINTS) {
    const path = routeOf(endpoint.path)
    paths.set(path, [...(paths.get(path) ?? []), endpoint])
  }
  return paths
}

const allowOf = (endpoints: readonly Endpoint[]): string =>
  endpoints.map(({ method }) => (method === 'get' ? 'GET, HEAD' : method.toUpperCase())).join(', ')

const methodNotAllowed = (c: AppContext, allow: string): OperationRefused => {
  c.header('Allow', allow)
  return new OperationRefused('method_not_allowed', `this address answers ${allow}`)
}

const createHandler =
  (deps: ApiDeps, callers: ReturnType<typeof createCallers>) =>
  (endpoint: Endpoint) =>
  async (c: AppContext): Promise<Response> => {
    const { method, action } = endpoint
    const permission = method === 'get' ? ADMIN_READ : ADMIN_WRITE
    c.set('neededScope', permission)
    const params = c.req.param() as Record<string, string>
    const attempt = { action, target: nameable(Object.values(params)[0]) }
    const context = { requestId: c.get('requestId'), address: deps.clientAddress(c) }
    const known = await callers(c, permission, attempt) // before a stranger's body is read
    const input = await readInput(endpoint, c).catch((error: unknown) => {
      countRefusal(deps, { ...context, actor: known.actor, ...attempt }, error)
      throw error
    })
    // Again: a body can be kept waiting until long after its sender has been taken the right to send it.
    const { actor, authority } = method === 'get' ? known : await callers(c, permission, attempt)
    if (method !== 'get') await takeWrite(deps, authority, { ...context, actor, ...attempt })
    const ifMatch = readIfMatch(c.req.header('if-match'))
    const reauthorize = async () => {
      if (c.req.raw.signal.aborted) throw new AnswerEnded('its reader is gone')
      return (await callers(c, permission, attempt)).authority
    }
    const admin: AdminCall = { deps, as: { ...context, actor }, authority, reauthorize, ifMatch }
    const result = await runHandler(endpoint, admin, { ...params, ...input }).catch(
      async (error: unknown) => {
        if (method === 'get') await auditRefusal(admin, attempt, error)
        throw error
      },
    )
    return answer(c, endpoint, { result, log: deps.log })
  }

/** An unbound administrator writes as much as it wants. @throws WritesExceeded */
const takeWrite = async (
  deps: Pick<ApiDeps, 'writes' | 'audit'>,
  { workspaceId, maker }: Authority,
  event: Pick<AuditEvent, 'actor' | 'action' | 'target'>,
): Promise<void> => {
  if (workspaceId === null) return
  const writer = { clientId: maker?.clientId ?? null, workspaceId }
  const waitSeconds = await waitForWrite(writer, 'administration', deps)
  if (waitSeconds === 0) return
  const refused = new WritesExceeded(waitSeconds)
  countRefusal(deps, { ...event, target: null }, refused)
  throw refused
}

/** What was not even begun is counted. */
const countRefusal = (
  { audit }: Pick<AdminDeps, 'audit'>,
  event: Pick<AuditEvent, 'actor' | 'action' | 'target'>,
  error: unknown,
): void => {
  if (!(error instanceof OperationRefused)) return
  audit.count({ ...event, outcome: 'refused', reason: error.code })
}

/** Answers a write as it was made, and a read only to a caller who may still read. */
const runHandler = (endpoint: Endpoint, admin: AdminCall, input: object): Promise<unknown> => {
  const running = () => endpoint.handle(admin, input as never)
  return endpoint.method === 'get' ? authorizedRead(admin, running) : running()
}

/** Changes write their own rows; of reads only those that are refused for who asks. */
const auditRefusal = async (
  { deps, as, authority }: AdminCall,
  attempt: { action: string; target: string | null },
  error: unknown,
): Promise<void> => {
  if (!(error instanceof OperationRefused)) return
  if (REFUSALS[error.code][0] === 403) {
    await deps.audit.write({ ...as, ...attempt, outcome: 'refused', reason: error.code })
  } else if (error.code === 'not_found' && authority.workspaceId !== null) {
    // Whoever is bound may be looking for what others have.
    countRefusal(deps, { ...as, ...attempt }, error)
  }
}

const NO_MEMBERS = z.strictObject({})

const readInput = async ({ method, query, body }: Endpoint, c: AppContext) => {
  const said = readQuery(c.req.url)
  if (needsIfMatch(method) && c.req.header('if-match') === undefined) {
    const message = 'If-Match: must be the etag that was read, in double quotes'
    throw new OperationRefused('precondition_required', message)
  }
  const json = method === 'get' ? {} : await readJsonObject(c.req.raw)
  if (query === undefined) parse(NO_MEMBERS, said)
  if (body === undefined) parse(NO_MEMBERS, json)
  const isList = query !== undefined && 'limit' in query.shape && said['limit'] === undefined
  return { query: isList ? { ...said, limit: DEFAULT_PAGE } : said, body: json }
}

const answer = (
  c: AppContext,
  { madeAt, answers }: Endpoint,
  { result, log }: { result: unknown } & Pick<Deps, 'log'>,
): Response => {
  const { etag } = result as { etag?: string }
  const tagged = { ...NO_STORE, ...(etag !== undefined && { ETag: `"${etag}"` }) }
  if (lineOf(answers) !== undefined) {
    return exportLines(c, result as Exported<unknown>, { headers: tagged, log })
  }
  return c.body(toJson(result), madeAt === undefined ? 200 : 201, {
    ...tagged,
    'Content-Type': 'application/json',
    ...(madeAt && { Location: BASE + madeAt(result as never) }),
  })
}
