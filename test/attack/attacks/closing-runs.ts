import { type Attack, basic, post } from '../hostile-client.ts'

export const attack: Attack = {
  says: 'one client closes runs without end, each of which would be a rule in every follower',
  connections: 4,
  needsClient: true,
  async run({ ask, target }) {
    let i = 0
    const headers = { Authorization: basic(target.closer) }
    await ask(4, () =>
      post('/oauth/runs/revoke', `identifier=storm-${++i}-${process.pid}`, headers),
    )
  },
}
