import { randomBytes } from 'node:crypto'
import { type Attack, get } from '../hostile-client.ts'

const CURSORS = [
  () => '',
  () => randomBytes(12).toString('base64url'),
  () => `${randomBytes(12).toString('base64url')}.${'0'.repeat(16)}`,
  () => `x.${'9'.repeat(16)}~`,
  () => '%00'.repeat(50),
  () => `a&after=${randomBytes(6).toString('hex')}`,
]

export const attack: Attack = {
  says: '60 connections ask for the list from cursors that the server gave to no follower',
  connections: 60,
  async run({ ask }) {
    let i = 0
    await ask(60, () => get(`/oauth/revocations?after=${CURSORS[i++ % CURSORS.length]?.()}`))
  },
}
