import type { Socket } from 'node:net'
import { type Attack, head } from '../hostile-client.ts'

/** Sends heads and bodies one byte at a time, without end. */
const BEGINNINGS = [
  'POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nX-Slow: ',
  head('POST /oauth/token', {
    'Content-Type': 'application/x-www-form-urlencoded',
    'Content-Length': '65536',
  }),
  head('POST /oauth/register', {
    'Content-Type': 'application/json',
    'Transfer-Encoding': 'chunked',
  }),
]

export const attack: Attack = {
  says: '60 connections write a head or a body by a byte now and then',
  connections: 60,
  async run({ open, pause, signal }) {
    const begin = (i: number): Socket => {
      const socket = open().resume()
      socket.write(BEGINNINGS[i % 3] ?? '')
      return socket
    }
    const sockets = Array.from({ length: 60 }, (_, i) => begin(i))
    while (!signal.aborted) {
      for (const [i, socket] of sockets.entries()) {
        if (socket.destroyed) sockets[i] = begin(i)
        else socket.write(i % 3 === 2 ? '1\r\na\r\n' : 'a')
      }
      await pause(200)
    }
  },
}
