import { type Attack } from '../hostile-client.ts'

export const attack: Attack = {
  says: 'connections that come and go 60 at a time, without a word or in the middle of one',
  connections: 60,
  async run({ open, pause, signal }) {
    while (!signal.aborted) {
      const sockets = Array.from({ length: 60 }, () => open().resume())
      for (const [i, socket] of sockets.entries()) if (i % 2 === 0) socket.write('GET /docs HT')
      await pause(50)
      for (const [i, socket] of sockets.entries()) {
        if (i % 3 === 0) socket.end()
        else socket.resetAndDestroy()
      }
    }
  },
}
