// Clients that request tokens continuously over connections that stay open.
import { Agent, request } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { basicHeader } from '../support/http.ts'
import type { ClientCredentials } from '../support/records.ts'

const FORM = 'grant_type=client_credentials'

const requestToken = (url: string, agent: Agent, client: ClientCredentials): Promise<string> =>
  new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': FORM.length,
      authorization: basicHeader(client),
    }
    const sent = request(`${url}/oauth/token`, { method: 'POST', agent, headers })
    sent.once('error', reject)
    sent.once('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.once('error', reject)
      response.once('end', () => {
        if (response.statusCode === 200) resolve(tokenOf(text))
        else reject(new Error(`no token: ${response.statusCode} ${text}`))
      })
    })
    sent.end(FORM)
  })

const tokenOf = (text: string): string =>
  (JSON.parse(text) as { access_token: string }).access_token

type Load = {
  url: string
  clients: readonly ClientCredentials[]
  /** Receives each token before its client requests the next one. */
  take: (token: string, askedAt: number) => Promise<void>
  /** Time between two requests of a client, in milliseconds. */
  pauseMs: number
}

/**
 * Requests tokens for each client, one after the other. `stop` ends the requests, and rejects if
 * any failed.
 */
export const startLoad = ({ url, clients, take, pauseMs }: Load) => {
  const agent = new Agent({ keepAlive: true })
  let stopped = false
  const ask = async (client: ClientCredentials): Promise<void> => {
    while (!stopped) {
      const askedAt = Date.now()
      await take(await requestToken(url, agent, client), askedAt)
      await setTimeout(pauseMs)
    }
  }
  const asking = Promise.all(clients.map(ask))
  asking.catch(() => (stopped = true)) // reported by `stop`
  return {
    running: (): boolean => !stopped,
    async stop(): Promise<void> {
      stopped = true
      await asking
      agent.destroy()
    },
  }
}
