import { type Attack, get, head } from '../hostile-client.ts'

/** Texts before the end: none, half a head, and methods for which Node hands over the socket. */
const BEGINNINGS = [
  '',
  'GET /docs HT',
  head('CONNECT a.example:443'),
  get('/docs') + head('CONNECT a.example:443'),
  get('/docs', { Connection: 'upgrade', Upgrade: 'websocket' }),
]

export const attack: Attack = {
  says: 'connections that come and go 60 at a time, without a word or in the middle of one',
  connections: 60,
  async run({ open, pause, signal }) {
    while (!signal.aborted) {
      const sockets = Array.from({ length: 60 }, () => open().resume())
      for (const [i, socket] of sockets.entries()) {
        socket.write(BEGINNINGS[i % BEGINNINGS.length] ?? '')
      }
      await pause(50)
      for (const [i, socket] of sockets.entries()) {
        if (i % 3 === 0) socket.end()
        else socket.resetAndDestroy()
      }
    }
  },
}
