import { type Attack, get, pageAfter } from '../hostile-client.ts'

export const attack: Attack = {
  says: '60 connections hold 800 waits each, which would take the places of those who follow',
  connections: 60,
  async run(hostile) {
    let page = await pageAfter(hostile)
    while (page.more) page = await pageAfter(hostile, page.cursor)
    const waits = get(`/oauth/revocations?after=${page.cursor}&wait=25`).repeat(800)
    for (let i = 0; i < 60; i++) hostile.open().resume().write(waits)
    await hostile.over()
  },
}
