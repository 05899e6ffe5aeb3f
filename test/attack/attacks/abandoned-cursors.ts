import { type Attack, cursorsOf, get } from '../hostile-client.ts'
import { RULES } from '../bounds.ts'

export const attack: Attack = {
  says: '900 requests for pages from different cursors, all closed at once, would leave their work queued',
  connections: 60,
  async run(hostile) {
    const { open, pause, signal } = hostile
    const cursor = await cursorsOf(hostile, RULES)
    while (!signal.aborted) {
      for (let i = 0; i < 900 && !signal.aborted; i += 60) {
        const sockets = Array.from({ length: 60 }, () => {
          const socket = open()
          socket.write(get(`/oauth/revocations?after=${cursor()}`))
          return socket
        })
        await pause(30)
        for (const socket of sockets) socket.destroy()
      }
      await pause(1_000)
    }
  },
}
