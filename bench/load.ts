// Load generator: keeps a few connections open and requests the next token on each when the last one has arrived.
import { Agent, request } from 'node:http'

/** Enough connections to keep both cores busy, few enough that latency is not mostly time in a queue. */
export const CONNECTIONS = 16

/** Keeps the connections of each server open from round to round. */
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })

const FORM = 'grant_type=client_credentials&audience=hook'

/** `form` is the body of the request; the default requests a token with everything that the client is granted. */
export type Target = { port: number; authorization: string; form?: string }

export type Answer = { status: number; type: string | undefined; text: string; ms: number }

export type Load = { answers: Answer[]; seconds: number }

/** Sends requests as fast as the server answers, for `ms` or until `maxRequests` have been sent. */
export const load = async (
  target: Target,
  { ms, maxRequests }: { ms: number; maxRequests: number },
): Promise<Load> => {
  const answers: Answer[] = []
  const start = performance.now()
  let sent = 0
  const connection = async (): Promise<void> => {
    while (sent < maxRequests && performance.now() - start < ms) {
      sent++
      answers.push(await requestToken(target))
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, connection))
  return { answers, seconds: (performance.now() - start) / 1000 }
}

export const requestToken = ({ port, authorization, form = FORM }: Target): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const start = performance.now()
    const headers = {
      Authorization: authorization,
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': form.length,
    }
    const sent = request(
      { host: '127.0.0.1', port, path: '/oauth/token', method: 'POST', headers, agent },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.once('error', reject)
        response.once('end', () => {
          const { statusCode: status = 0, headers } = response
          const ms = performance.now() - start
          resolve({ status, type: headers['content-type'], text, ms })
        })
      },
    )
    sent.setTimeout(10_000, () => sent.destroy(new Error('no answer within 10 s')))
    sent.once('error', reject)
    sent.end(form)
  })
