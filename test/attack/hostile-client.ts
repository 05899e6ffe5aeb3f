// Connections of an attacker without credentials, and requests written on them.
import { setMaxListeners } from 'node:events'
import { type Socket, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export type Credentials = { id: string; secret: string }

export type Target = {
  port: number
  /** Clients of the least privileges, for attacks that need one; the registration access token of `enrolled`. */
  closer: Credentials
  detailed: Credentials
  enrolled: { id: string; token: string }
}

export type Hostile = {
  target: Target
  /** Aborted when the attack is over. */
  signal: AbortSignal
  /** A connection that is torn down when the attack is over. */
  open(): Socket
  /** Repeats the requests of `request` on each connection, and reads each answer before the next request. */
  ask(connections: number, request: () => string): Promise<void>
  /** Waits until the attack is over. */
  over(): Promise<void>
  pause(ms: number): Promise<void>
}

export type Attack = {
  /** One line: the attack, and its effect on a server that does not stop it. */
  says: string
  /** Open connections at a time. The memory bound counts them. */
  connections: number
  /** True if the attacker needs a client of its own: a stranger cannot do it. */
  needsClient?: true
  run(hostile: Hostile): Promise<unknown>
}

/** Time for which an attacker waits for an answer, in milliseconds. */
const ANSWER_MS = 5_000

/** A request head, with `Host` and an empty line. */
export const head = (line: string, headers: Record<string, string> = {}): string =>
  [`${line} HTTP/1.1`, 'Host: localhost', ...Object.entries(headers).map((h) => h.join(': '))]
    .map((text) => `${text}\r\n`)
    .join('') + '\r\n'

export const get = (path: string, headers: Record<string, string> = {}): string =>
  head(`GET ${path}`, headers)

export const post = (path: string, body: string, headers: Record<string, string> = {}): string =>
  head(`POST ${path}`, {
    'Content-Type': 'application/x-www-form-urlencoded',
    ...headers,
    'Content-Length': String(Buffer.byteLength(body)),
  }) + body

export const basic = ({ id, secret }: Credentials): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`

type Page = { cursor: string; epoch: string; more: boolean }

/** A page of the list. The attacker does not verify it. */
export const pageAfter = async (
  { target: { port }, signal }: Pick<Hostile, 'target' | 'signal'>,
  after = '',
): Promise<Page> => {
  const url = `http://127.0.0.1:${port}/oauth/revocations?after=${after}`
  const [, payload = ''] = (await (await fetch(url, { signal })).text()).split('.')
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Page
}

/** Makes cursors of the list's epoch, which is public, at any number up to `below`. */
export const cursorsOf = async (
  hostile: Pick<Hostile, 'target' | 'signal'>,
  below: number,
): Promise<() => string> => {
  const { epoch } = await pageAfter(hostile)
  return () => `${epoch}.${String(Math.floor(Math.random() * below)).padStart(16, '0')}`
}

export const createHostile = (target: Target, signal: AbortSignal): Hostile => {
  setMaxListeners(0, signal)
  const sockets = new Set<Socket>()
  signal.addEventListener('abort', () => sockets.forEach((socket) => socket.destroy()))
  const open = (): Socket => {
    const socket = connect(target.port, '127.0.0.1').on('error', () => {})
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    return socket
  }
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal }).catch(() => {})
  const over = (): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  const askOn = async (request: () => string): Promise<void> => {
    while (!signal.aborted) {
      const socket = open()
      const closed = new Promise((resolve) => socket.once('close', resolve))
      socket.resume().setTimeout(ANSWER_MS, () => socket.destroy())
      socket.write(closing(request()))
      await closed
    }
  }
  return {
    target,
    signal,
    open,
    pause,
    over,
    async ask(connections, request) {
      await Promise.all(Array.from({ length: connections }, () => askOn(request)))
    },
  }
}

/** Opens a connection for each request, so that the end of the answer needs no parsing. */
const closing = (request: string): string => request.replace('\r\n', '\r\nConnection: close\r\n')
