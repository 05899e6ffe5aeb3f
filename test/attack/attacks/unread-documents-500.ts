import { type Attack, get } from '../hostile-client.ts'

export const attack: Attack = {
  says: '500 connections with 100 requests for /docs each, and read no answer',
  connections: 500,
  async run({ open, over, pause }) {
    for (let i = 0; i < 500; i++) {
      open().pause().write(get('/docs').repeat(100))
      if (i % 50 === 49) await pause(50)
    }
    await over()
  },
}
