// Makes the answers of the server. A platform's Response takes a plain object of headers faster than one that grows.
import type { AppContext } from '../deps.ts'

type Headers = Readonly<Record<string, string>>
type Body = ConstructorParameters<typeof Response>[0]

/**
 * Answers with the headers of every answer. `headers` replace those of the same spelling.
 * @example respond(c, 200, text, { 'Content-Type': 'text/plain' })
 */
export const respond = (
  c: AppContext,
  status: number,
  body: Body,
  headers: Headers = {},
): Response => new Response(body, { status, headers: { ...c.get('headers'), ...headers } })

/** Answers with a value as JSON. */
export const respondJson = (
  c: AppContext,
  status: number,
  value: unknown,
  headers: Headers = {},
): Response =>
  respond(c, status, JSON.stringify(value), { 'Content-Type': 'application/json', ...headers })
