import { type Attack, get, post } from '../hostile-client.ts'

const REQUESTS = [
  get('/openapi.json'),
  get('/oauth/revocations'),
  get('/.well-known/jwks.json'),
  get('/.well-known/oauth-authorization-server'),
  get('/nothing'),
  post('/oauth/token', 'grant_type=client_credentials&client_id=x&client_secret=y'),
]

export const attack: Attack = {
  says: '60 connections with 200 requests each for everything that is public, and read no answer',
  connections: 60,
  async run({ open, over }) {
    for (let i = 0; i < 60; i++)
      open()
        .pause()
        .write((REQUESTS[i % 6] ?? '').repeat(200))
    await over()
  },
}
