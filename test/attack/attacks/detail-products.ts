import { type Attack, basic, post } from '../hostile-client.ts'

const actions = Array.from({ length: 470 }, (_, i) => `a${i}`)
const DETAILS = JSON.stringify(
  Array.from({ length: 9 }, (_, i) => ({
    type: 'tool_run',
    identifier: `r${i}`,
    project_id: 'p',
    locations: ['/v1'],
    actions,
  })),
)

export const attack: Attack = {
  says: 'one client asks for details whose entries and actions multiply',
  connections: 4,
  needsClient: true,
  async run({ ask, target }) {
    const details = encodeURIComponent(DETAILS)
    const form = `grant_type=client_credentials&authorization_details=${details}`
    await ask(4, () => post('/oauth/token', form, { Authorization: basic(target.detailed) }))
  },
}
