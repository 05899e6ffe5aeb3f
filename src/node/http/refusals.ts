// Answers to requests that do not reach the app, with the headers and the form of the app's own refusals.
import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Hono } from 'hono'
import type { AppEnv } from '../../deps.ts'
import { OAUTH_ERRORS, type OAuthErrorCode } from '../../errors.ts'

export type Refusals = {
  /** Answers, and closes the connection behind the answer. */
  answer(response: ServerResponse, code: OAuthErrorCode): void
  response(code: OAuthErrorCode): Response
  /** Returns the text of an answer, for a socket without a request. */
  text(code: OAuthErrorCode): string
}

export const createRefusals = async (app: Hono<AppEnv>): Promise<Refusals> => {
  const headers = await headersOfEveryRefusal(app)
  const refusal = (code: OAuthErrorCode) => {
    const [status, error, description] = OAUTH_ERRORS[code]
    const body = JSON.stringify({ error, error_description: description, code })
    return { status, body, headers: { ...headers, 'x-request-id': randomUUID() } }
  }
  return {
    answer(response, code) {
      const { status, body, headers: all } = refusal(code)
      const length = Buffer.byteLength(body)
      response
        .writeHead(status, { ...all, 'content-length': length, connection: 'close' })
        .end(body)
    },
    response(code) {
      const { body, ...rest } = refusal(code)
      return new Response(body, rest)
    },
    text(code) {
      const { status, body, headers: all } = refusal(code)
      const fields = { ...all, 'content-length': Buffer.byteLength(body), connection: 'close' }
      const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
      return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`
    },
  }
}

/** No address of the app. */
const NO_ADDRESS = '/refused'

/** Headers of the app's answer for a path that does not exist. */
const headersOfEveryRefusal = async (app: Hono<AppEnv>): Promise<Record<string, string>> => {
  const { headers } = await app.request(NO_ADDRESS)
  return Object.fromEntries([...headers].filter(([name]) => name !== 'content-length'))
}
