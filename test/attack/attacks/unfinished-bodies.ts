import type { Socket } from 'node:net'
import { type Attack, head } from '../hostile-client.ts'

const CONNECTIONS = 1_500
const BODY = head('POST /oauth/token', {
  'Content-Type': 'application/x-www-form-urlencoded',
  'Content-Length': '65536',
})

export const attack: Attack = {
  says: '1,500 connections send 65,000 bytes of a form and then nothing, 98 MB in all',
  connections: CONNECTIONS,
  async run({ open, pause, signal }) {
    const begin = (): Socket => {
      const socket = open().resume()
      socket.write(BODY + 'a'.repeat(65_000))
      return socket
    }
    const sockets: Socket[] = []
    while (!signal.aborted) {
      if (sockets.length < CONNECTIONS) {
        for (let i = 0; i < 50; i++) sockets.push(begin())
      } else {
        const ended = [...sockets.entries()].filter(([, { destroyed }]) => destroyed)
        for (const [i] of ended.slice(0, 2)) sockets[i] = begin()
      }
      await pause(20)
    }
  },
}
