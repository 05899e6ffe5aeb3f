import type { Socket } from 'node:net'
import { type Attack, get, head } from '../hostile-client.ts'

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }
const TEXTS = [
  head('POST /oauth/token', { ...FORM, 'Content-Length': '65536' }) + 'a'.repeat(65_000),
  get('/docs').repeat(1_500),
]

export const attack: Attack = {
  says: '2,000 connections send 64 KB of a body, or of requests whose answers nobody reads, and wait',
  connections: 2_000,
  async run({ open, pause, signal }) {
    const begin = (i: number): Socket => {
      const socket = open()
      if (i % 2 === 1) socket.pause()
      else socket.resume()
      socket.write(TEXTS[i % 2] ?? '')
      return socket
    }
    const sockets: Socket[] = []
    for (let i = 0; !signal.aborted; i = (i + 1) % 2_000) {
      if (sockets[i]?.destroyed !== false) sockets[i] = begin(i)
      if (i % 50 === 0) await pause(20)
    }
  },
}
