// A client over real HTTP. Each request has a separate connection, so that no connection outlives a server.
import { type IncomingHttpHeaders, request } from 'node:http'
import type { ClientCredentials } from './records.ts'

export type Answer = { status: number; headers: IncomingHttpHeaders; text: string }

type Sent = {
  method?: string
  headers?: Record<string, string>
  form?: Record<string, string>
  basic?: ClientCredentials
}

/** Joins id and secret unencoded (RFC 7617 §2). */
export const basicHeader = ({ id, secret }: ClientCredentials): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`

const ofClient = (client: ClientCredentials | undefined): Record<string, string> =>
  client ? { authorization: basicHeader(client) } : {}

/** Sends a request. Rejects where the answer is incomplete. */
export const send = (
  url: string,
  { form, basic, method = form ? 'POST' : 'GET', headers = {} }: Sent = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const body = form && new URLSearchParams(form).toString()
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    const sent = request(url, {
      method,
      agent: false,
      headers: { ...(form && type), ...ofClient(basic), ...headers },
    })
    sent.once('error', reject)
    sent.once('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.once('error', reject)
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      )
    })
    sent.end(body)
  })

/** The endpoints of the server at `url`, as a client calls them. */
export const createCaller = (url: string) => {
  const requestToken = (client: ClientCredentials, form: Record<string, string> = {}) =>
    send(`${url}/oauth/token`, {
      form: { grant_type: 'client_credentials', ...form },
      basic: client,
    })
  return {
    requestToken,
    /** Requests a token, which the server must issue. */
    async issue(client: ClientCredentials, form: Record<string, string> = {}): Promise<string> {
      const { status, text } = await requestToken(client, form)
      if (status !== 200) throw new Error(`no token: ${text}`)
      return (JSON.parse(text) as { access_token: string }).access_token
    },
    /** Introspects a token. @returns the answer's unparsed text, so that a test sees every member */
    async introspect(client: ClientCredentials, token: string): Promise<string> {
      const { text } = await send(`${url}/oauth/introspect`, { form: { token }, basic: client })
      return text
    },
    revoke: (client: ClientCredentials, token: string) =>
      send(`${url}/oauth/revoke`, { form: { token }, basic: client }),
    async kids(): Promise<string[]> {
      const { text } = await send(`${url}/.well-known/jwks.json`)
      return (JSON.parse(text) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
    },
  }
}

/** The whole answer of introspection for a token that is not active. */
export const INACTIVE = '{"active":false}'
