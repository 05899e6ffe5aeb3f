import { type Attack, get } from '../hostile-client.ts'

export const attack: Attack = {
  says: '8 connections with 1,000 requests for /docs each, and read no answer',
  connections: 8,
  async run({ open, over }) {
    for (let i = 0; i < 8; i++) open().pause().write(get('/docs').repeat(1_000))
    await over()
  },
}
