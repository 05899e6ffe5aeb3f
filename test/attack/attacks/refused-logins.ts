import { type Attack, basic, post } from '../hostile-client.ts'

const PADDING = 'x'.repeat(60 * 1024)

export const attack: Attack = {
  says: '60 connections log in with wrong secrets and forms of 60 KB',
  connections: 60,
  async run({ ask, target }) {
    let i = 0
    await ask(60, () => {
      const id = i++ % 2 === 0 ? target.closer.id : `lkc_${String(i).padStart(22, '0')}`
      const authorization = basic({ id, secret: `lks_${'x'.repeat(43)}` })
      return post('/oauth/token', `grant_type=client_credentials&pad=${PADDING}`, {
        Authorization: authorization,
      })
    })
  },
}
