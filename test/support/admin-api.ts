// Callers of the admin API in two workspaces, with an administrator for each side of every rule.
import { expect } from 'vitest'
import { OperationRefused } from '../../src/errors.ts'
import { type Document, expectDocumented, operationAt, operationsOf } from './openapi.ts'
import type { ClientCredentials } from './records.ts'
import { ISSUER, type TestServer, startServer } from './server.ts'

export const BASE = '/admin/v1'
export const BOTH = ['admin:read', 'admin:write']

/** A client and the form with which it requests its token. */
export type Caller = { client: ClientCredentials; form: Record<string, string> }

export type Answer = {
  status: number
  headers: Headers
  text: string
  /** Parsed body; empty where the text is no JSON object. */
  body: Record<string, unknown>
}

export type AdminApi = Awaited<ReturnType<typeof startAdminApi>>

const AS_ADMINISTRATOR = { audience: 'latchkey' }

/** Administrators of `acme` hold the audience `docs`, administrators of `globex` hold `other`. Each has a plugin. */
const startWorkspaces = async () => {
  const server = await startServer()
  await server.workspace('acme')
  await server.workspace('globex')
  await server.audience('docs', ['write>read', 'read', 'purge'])
  await server.audience('other', ['use'])
  for (const id of ['p-acme', 'p-globex', 'p-nobody']) await server.plugin(id)
  return server
}

const createAdministrators = async (server: Awaited<ReturnType<typeof startWorkspaces>>) => {
  const unbound = await server.client({ workspaceId: null, grants: { latchkey: BOTH } })
  const bound = await server.client({
    workspaceId: 'acme',
    grants: { latchkey: BOTH, docs: ['write'] },
    plugins: ['p-acme'],
  })
  const other = await server.client({
    workspaceId: 'globex',
    grants: { latchkey: BOTH, other: ['use'] },
    plugins: ['p-globex'],
  })
  const stranger = await server.client({ grants: { docs: ['write'] } })
  return {
    unbound: { client: unbound, form: AS_ADMINISTRATOR },
    readOnly: { client: unbound, form: { ...AS_ADMINISTRATOR, scope: 'admin:read' } },
    writeOnly: { client: unbound, form: { ...AS_ADMINISTRATOR, scope: 'admin:write' } },
    bound: { client: bound, form: AS_ADMINISTRATOR },
    boundWriteOnly: { client: bound, form: { ...AS_ADMINISTRATOR, scope: 'admin:write' } },
    other: { client: other, form: AS_ADMINISTRATOR },
    /** A client whose valid token is for another audience. */
    stranger: { client: stranger, form: { audience: 'docs' } },
  } satisfies Record<string, Caller>
}

const parsed = (text: string): Record<string, unknown> => {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

/** Sends text unchanged and any other value as JSON. */
const bodyOf = (body: unknown): RequestInit => {
  if (body === undefined) return {}
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const length = String(Buffer.byteLength(text))
  return {
    body: text,
    headers: { 'Content-Type': 'application/json', 'Content-Length': length },
  }
}

const readDocument = async ({ request }: TestServer) => {
  const document = (await (await request('/openapi.json')).json()) as Document
  return { document, operations: operationsOf(document) }
}

/** Document of the worker's first server. All servers serve the same one, and making its schemas costs 0.2 s. */
let reading: ReturnType<typeof readDocument> | undefined

export const startAdminApi = async () => {
  const server = await startWorkspaces()
  const callers = await createAdministrators(server)
  const { document, operations } = await (reading ??= readDocument(server))

  /** Sends a request and checks its answer against the OpenAPI document. */
  const send = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await server.request(BASE + path, init)
    const answer = { status: response.status, headers: response.headers }
    const text = await response.text()
    const [address = ''] = path.split('?')
    const operation = operationAt(operations, init.method ?? 'GET', address)
    if (operation && answer.status !== 304) expectDocumented(operation, { ...answer, text })
    return { ...answer, text, body: parsed(text) }
  }

  const tokenOf = ({ client, form }: Caller): Promise<string> => server.issue(client, form)

  /** Sends the given token unchanged, or no token for null. */
  const callWith = (
    token: string | null,
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const init = bodyOf(body)
    const authorization = token === null ? {} : { Authorization: `Bearer ${token}` }
    return send(path, {
      ...init,
      method,
      headers: { ...(init.headers as object), ...authorization, ...headers },
    })
  }

  /** Requests a new token and calls with it. */
  const call = async (
    caller: Caller,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer> => await callWith(await tokenOf(caller), method, path, body, headers)

  /** `If-Match` with the current etag of the resource. */
  const ifMatch = async (path: string): Promise<Record<string, string>> => {
    const { headers, text } = await call(callers.unbound, 'GET', path)
    const etag = headers.get('etag')
    expect(etag, text).not.toBeNull()
    return { 'If-Match': etag ?? '' }
  }

  return {
    server,
    callers,
    document,
    operations,
    tokenOf,
    send,
    callWith,
    call,
    ifMatch,
    /**
     * Delays the results of this verb until `count` requests have called it, so that each request reads before any of
     * them writes. Without the delay one request would finish before the next begins. Lasts until `heal`.
     */
    readTogether(
      verb: 'findClient' | 'findPlugin' | 'findAudience' | 'findWorkspace',
      count: number,
    ) {
      let release = (): void => {}
      const allHaveRead = new Promise<void>((resolve) => (release = resolve))
      let readers = 0
      const read = async (id: string): Promise<unknown> => {
        const row = await server.store[verb](id)
        if (++readers === count) release()
        await allHaveRead
        return row
      }
      Object.assign(server.deps.store, { [verb]: read })
    },
    /** Reads a resource, which must exist. */
    async read(path: string): Promise<Record<string, unknown>> {
      const { status, body } = await call(callers.unbound, 'GET', path)
      expect(status, path).toBe(200)
      return body
    },
    /** Checks that a request changes nothing except the audit. @returns its answer */
    async unchangedBy(request: () => Promise<Answer>): Promise<Answer> {
      const before = server.state()
      const answer = await request()
      expect(server.state(), answer.text).toBe(before)
      return answer
    },
    /** Changes a resource with its current etag. */
    async change(caller: Caller, method: string, path: string, body?: unknown): Promise<Answer> {
      const headers = method === 'POST' ? {} : await ifMatch(path)
      return await call(caller, method, path, body, headers)
    },
    /** Reads every item of a list, in pages of `limit` items. */
    async readAll(caller: Caller, path: string, limit = 1_000): Promise<Record<string, unknown>[]> {
      const items: Record<string, unknown>[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const query = `limit=${limit}${cursor && `&cursor=${cursor}`}`
        const { body } = await call(
          caller,
          'GET',
          `${path}${path.includes('?') ? '&' : '?'}${query}`,
        )
        items.push(...(body['items'] as Record<string, unknown>[]))
        cursor = body['next_cursor'] as string | null
      }
      return items
    },
  }
}

/** Checks an answer of RFC 9457 with its further members: no cache may store it, and it has no secret and no token. */
export const expectProblem = (answer: Answer, status: number, code: string): void => {
  const text = expect.stringMatching(/./) as unknown
  expect({ status: answer.status, body: answer.body }).toEqual({
    status,
    body: {
      type: `${ISSUER}/docs#${code}`,
      title: text,
      status,
      detail: text,
      code,
      ...('errors' in answer.body && { errors: answer.body['errors'] }),
      ...('existing' in answer.body && { existing: answer.body['existing'] }),
      request_id: answer.headers.get('x-request-id'),
    },
  })
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  expect(answer.text + JSON.stringify([...answer.headers])).not.toMatch(/lk[sre]_|(?<![\w-])eyJ/)
}

/** Checks the challenge (RFC 6750 §3): no parameters without a token; the scope where the token lacks it. */
export const expectChallenge = ({ headers }: Answer, code: string, scope = ''): void => {
  const challenge = headers.get('www-authenticate')
  if (code === 'token_missing') expect(challenge).toBe('Bearer')
  else if (code === 'permission_missing') {
    expect(challenge).toMatch(/^Bearer error="insufficient_scope", error_description="[^"]+", /)
    expect(challenge).toContain(`, scope="${scope}"`)
  } else if (code.startsWith('token_')) {
    expect(challenge).toMatch(/^Bearer error="invalid_token", error_description="[^"]+"$/)
  } else expect(challenge).toBeNull()
}

/** Names of the refused fields, in the order of the answer. */
export const badFields = ({ body }: Answer): string[] =>
  (body['errors'] as { field: string }[] | undefined)?.map(({ field }) => field) ?? []

/** All that a client sees of an answer, without the requested id and values that differ for every request. */
export const comparable = ({ headers, text, body }: Answer, id: RegExp | string) => ({
  headers: [...headers].filter(([name]) => name !== 'x-request-id'),
  text: text.replaceAll(id, 'ID').replaceAll(String(body['request_id']), ''),
})

/** Runs a call that must throw a refusal. @returns the refusal */
export const refusalOf = (call: () => unknown): OperationRefused => {
  try {
    call()
  } catch (error) {
    if (error instanceof OperationRefused) return error
    throw error
  }
  throw new Error('it was taken')
}
