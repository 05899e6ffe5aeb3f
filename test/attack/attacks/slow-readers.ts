import { type Attack, get } from '../hostile-client.ts'

export const attack: Attack = {
  says: '60 connections read the list by a few bytes now and then, again and again',
  connections: 60,
  async run({ open, pause, signal }) {
    const sockets = Array.from({ length: 60 }, () => open().pause())
    for (const socket of sockets) socket.write(get('/oauth/revocations').repeat(20))
    while (!signal.aborted) {
      for (const socket of sockets) socket.read(64)
      await pause(200)
    }
  },
}
