// Actions on a remote server: the requests of the admin API, with the results that the operations have in this process.
import type { IncomingMessage } from 'node:http'
import type { Action, Perform } from '../../admin/api/actions.ts'
import { ADDRESSES } from '../../admin/api/addresses.ts'
import { BASE, needsIfMatch } from '../../admin/api/base.ts'
import type { Listed } from '../../admin/pages.ts'
import { MAX_PAGE, REMOTE_CHECK_SILENCE_MS, REMOTE_SILENCE_MS } from '../../constants.ts'
import { retryOnConflict } from '../../store/conflicts.ts'
import { pathOf } from '../path-ids.ts'
import { readAnswer } from './answers.ts'
import type { RemoteServer } from './choice.ts'
import { type Exchange, openExchange } from './exchange.ts'
import { type TokenSource, createTokenSource } from './issuer.ts'

type Query = Record<string, string | number | boolean | undefined>
type Input = Record<string, unknown> & { query?: Query; body?: Record<string, unknown> }

/** Runs steps on a remote server, over one connection and with one token. */
export const withServer = async <T>(
  server: RemoteServer,
  steps: (perform: Perform) => Promise<T>,
): Promise<T> => {
  const { exchange, close } = openExchange()
  const tokens = createTokenSource(server, { exchange, now: () => performance.now() })
  const connection = { origin: server.origin, exchange, tokens }
  try {
    return await steps(
      (action, input, options = {}) =>
        performAt(connection, { action, input: input as Input, ...options }) as never,
    )
  } finally {
    close()
  }
}

type Connection = { origin: string; exchange: Exchange; tokens: TokenSource }
type Performed = { action: Action; input: Input; ifMatch?: string }

const performAt = (connection: Connection, performed: Performed): Promise<unknown> => {
  const { action, input } = performed
  const isWholeList = action.endsWith('.list') && input.query?.['limit'] === undefined
  return isWholeList ? readPages(connection, performed) : request(connection, performed)
}

/** Reads a whole list, as an operation in this process does without a limit. */
const readPages = async (
  connection: Connection,
  { action, input }: Performed,
): Promise<Listed<unknown>> => {
  const items: unknown[] = []
  for (let cursor: string | undefined; ;) {
    const query = { ...input.query, limit: MAX_PAGE, ...(cursor !== undefined && { cursor }) }
    const page = (await request(connection, {
      action,
      input: { ...input, query },
    })) as Listed<unknown>
    items.push(...page.items)
    if (page.next_cursor === null) return { items, next_cursor: null }
    cursor = page.next_cursor
  }
}

/**
 * Sends one request. A change without `ifMatch` holds for any state, as it does in this process: it is sent again where
 * another administrator was faster.
 */
const request = (
  connection: Connection,
  { action, input, ifMatch }: Performed,
): Promise<unknown> => {
  const [method = ''] = ADDRESSES[action].split(' ')
  const { body } = input
  const headers: Record<string, string> = {}
  if (needsIfMatch(method.toLowerCase())) {
    headers['if-match'] = ifMatch === undefined ? '*' : `"${ifMatch}"`
  }
  if (body !== undefined) headers['content-type'] = 'application/json'
  const outgoing = {
    method,
    headers,
    silenceMs: action === 'audit.verify' ? REMOTE_CHECK_SILENCE_MS : REMOTE_SILENCE_MS,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }
  const url = connection.origin + BASE + pathOf(action, input) + queryText(input.query)
  const attempt = async () => {
    const answer = await authorized(connection, url, outgoing)
    return await readAnswer(answer, connection.origin)
  }
  return ifMatch === undefined && needsIfMatch(method.toLowerCase())
    ? retryOnConflict(attempt)
    : attempt()
}

type Outgoing = Parameters<Exchange>[1] & { headers: Record<string, string> }

/** Sends a request with a token; once more with a new one if the server has refused it, before it began. */
const authorized = async (
  { exchange, tokens }: Connection,
  url: string,
  outgoing: Outgoing,
): Promise<IncomingMessage> => {
  const send = async () =>
    await exchange(url, {
      ...outgoing,
      headers: { ...outgoing.headers, authorization: `Bearer ${await tokens.current()}` },
    })
  const answer = await send()
  if (answer.statusCode !== 401) return answer
  answer.resume()
  tokens.drop()
  return await send()
}

const queryText = (query: Query = {}): string => {
  const sent = Object.entries(query).filter(([, value]) => value !== undefined)
  const text = new URLSearchParams(
    sent.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString()
  return text && `?${text}`
}
