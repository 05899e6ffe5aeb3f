// HTTP/1.1 as raw text, for requests that no client library sends.
import { connect } from 'node:net'
import { expect } from 'vitest'
import { type Place, until } from './processes.ts'

export type Connection = ReturnType<typeof open>

/** Opens a connection on which a test writes any text and reads the answer. */
export const open = ({ port }: Pick<Place, 'port'>) => {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  let received = ''
  let closed = false
  socket.on('data', (text: string) => (received += text))
  socket.on('error', () => {}) // a reset counts as a close
  socket.on('close', () => (closed = true))
  return {
    write: (text: string) => socket.write(text),
    received: () => received,
    isClosed: () => closed,
    /** Waits until the received text matches the pattern. @returns that text */
    receives: (pattern: RegExp) =>
      until(String(pattern), () => {
        if (closed && !pattern.test(received)) throw new Error(`closed after: ${received}`)
        return pattern.test(received) && received
      }),
    /** Waits until the server closes the connection. @returns all received text */
    async closes(): Promise<string> {
      await until('the end of the connection', () => closed)
      return received
    },
    close: () => socket.destroy(),
  }
}

/** Writes one request, which asks the server to close the connection. @returns the whole answer */
export const exchange = async (place: Pick<Place, 'port'>, text: string): Promise<string> => {
  const connection = open(place)
  connection.write(text)
  return await connection.closes()
}

export const statusOf = (answer: string): number => {
  expect(answer).toMatch(/^HTTP\/1\.1 \d{3} /)
  return Number(answer.slice(9, 12))
}

/** A request head, with a `Host` and an empty line. */
export const head = (line: string, headers: Record<string, string> = {}): string =>
  [
    `${line} HTTP/1.1`,
    ...Object.entries({ Host: 'localhost', ...headers }).map((h) => h.join(': ')),
  ]
    .map((text) => `${text}\r\n`)
    .join('') + '\r\n'

export const chunk = (text: string): string =>
  `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
export const LAST_CHUNK = '0\r\n\r\n'

/** True where no process listens on the port. */
export const refusesConnections = (place: Pick<Place, 'port'>): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(place.port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
