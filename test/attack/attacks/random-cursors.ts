import { type Attack, cursorsOf, get } from '../hostile-client.ts'
import { RULES } from '../bounds.ts'

export const attack: Attack = {
  says: '60 connections ask for pages of the list from random cursors, each of which would be signed',
  connections: 60,
  async run(hostile) {
    const cursor = await cursorsOf(hostile, RULES)
    await hostile.ask(60, () => get(`/oauth/revocations?after=${cursor()}`))
  },
}
