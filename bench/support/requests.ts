// Requests whose answers are kept: a load generator measures more, and shows no answers.
import { Agent, request } from 'node:http'

/** Connections of the checked requests, and of the guard. */
export const CHECKED_CONNECTIONS = 16

/** Keeps the connections of each server open from round to round. */
const agent = new Agent({ keepAlive: true, maxSockets: CHECKED_CONNECTIONS })

const ANSWER_LIMIT_MS = 10_000

/**
 * A request that is repeated. `clients`: the request names one of that many clients at random (database.ts), with the
 * credentials of `authorizationOf`.
 */
export type Target = {
  port: number
  method: 'GET' | 'POST'
  path: string
  headers: Record<string, string>
  body?: string
  clients?: number
}

export type Answer = { status: number; type: string | undefined; text: string; ms: number }

/** @returns headers and body as one object, for a request of a form */
export const formTarget = (
  port: number,
  path: string,
  { authorization, form }: { authorization: string; form: Record<string, string> },
): Target => ({
  port,
  method: 'POST',
  path,
  headers: { Authorization: authorization, 'Content-Type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(form).toString(),
})

export const basic = ({ clientId, secret }: { clientId: string; secret: string }): string =>
  `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`

export const ask = ({ port, method, path, headers, body }: Target): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const start = performance.now()
    const sized = body === undefined ? headers : { ...headers, 'Content-Length': body.length }
    const sent = request(
      { host: '127.0.0.1', port, path, method, headers: sized, agent },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.once('error', reject)
        response.once('end', () => {
          const ms = performance.now() - start
          const type = response.headers['content-type']
          resolve({ status: response.statusCode ?? 0, type, text, ms })
        })
      },
    )
    sent.setTimeout(ANSWER_LIMIT_MS, () => sent.destroy(new Error('no answer within 10 s')))
    sent.once('error', reject)
    sent.end(body)
  })

/** Requests on all connections, one after the other on each, for `ms` or until `maxRequests` have been sent. */
export const askOften = async (
  target: () => Target,
  { ms = Infinity, maxRequests }: { ms?: number; maxRequests: number },
): Promise<{ answers: Answer[]; seconds: number }> => {
  const answers: Answer[] = []
  const start = performance.now()
  let sent = 0
  const connection = async (): Promise<void> => {
    while (sent < maxRequests && performance.now() - start < ms) {
      sent++
      answers.push(await ask(target()))
    }
  }
  await Promise.all(Array.from({ length: CHECKED_CONNECTIONS }, connection))
  return { answers, seconds: (performance.now() - start) / 1000 }
}
