import { randomBytes } from 'node:crypto'
import { type Attack, get } from '../hostile-client.ts'

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Well-formed token of a key that does not exist. */
export const unknownToken = (): string => {
  const kid = randomBytes(16).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    iss: 'x',
    aud: 'latchkey',
    sub: 'x',
    client_id: 'x',
    jti: kid,
    scope: 'admin:read',
    iat: now,
    exp: now + 300,
    padding: 'x'.repeat(4_000),
  }
  const header = encode({ alg: 'RS256', typ: 'at+jwt', kid })
  return `${header}.${encode(claims)}.${randomBytes(256).toString('base64url')}`
}

export const attack: Attack = {
  says: '60 connections administer with tokens of keys that do not exist',
  connections: 60,
  async run({ ask }) {
    // Made before the attack, because attacker and follower share the processor.
    const tokens = Array.from({ length: 500 }, unknownToken)
    let i = 0
    await ask(60, () =>
      get('/admin/v1/clients', { Authorization: `Bearer ${tokens[i++ % tokens.length] ?? ''}` }),
    )
  },
}
