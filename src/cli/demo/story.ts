// The demo's steps: each one runs, is compared with the expected result, and is shown.
import { decodeJwt } from 'jose/jwt/decode'
import { createClient } from '../../admin/clients.ts'
import type { AdminCall } from '../../admin/operation.ts'
import { createPlugin } from '../../admin/plugins.ts'
import { showEnrollment } from './enrollment.ts'
import { showRevocation } from './revocation.ts'
import {
  type Post,
  answerOf,
  callWith,
  caller,
  expect,
  expectActive,
  refusedSoon,
  say,
  show,
  showRefusal,
  tell,
} from './narrator.ts'

type Setting = {
  server: string
  gateway: string
  player: string
  tools: string
  issuer: string
  call: AdminCall
}

/** @throws Error for an unexpected answer */
export const runStory = async (setting: Setting): Promise<void> => {
  const { server, gateway, issuer, call } = setting
  tell(`Latchkey runs at ${issuer}.`)
  tell(`A resource server, the audience hook, runs at ${gateway}`)
  const post = await register(call, server)
  const token = await issue(post)
  await refuse(post)
  await callGateway(gateway, token)
  await revoke(post, gateway, token)
  await showEnrollment(setting)
  await showRevocation(setting)
  await showKeys(server)
}

const register = async (call: AdminCall, server: string): Promise<Post> => {
  say('An operator creates a plugin, and a client that may act for it.')
  const plugin = { id: 'slack-sync', trust: 'trusted' as const, capabilities: ['connector:slack'] }
  await createPlugin(call, plugin)
  const client = await createClient(call, {
    name: 'Slack hook process',
    plugins: [plugin.id],
    grants: [{ audience: 'hook', permissions: ['hook:track'] }],
  })
  show('plugin        ', plugin.id)
  show('client_id     ', client.client_id)
  show('client_secret ', `${client.client_secret.slice(0, 8)}… (shown once, stored as a hash)`)
  show('grant         ', 'hook:track at the audience hook')
  return caller(server, client)
}

const issue = async (post: Post): Promise<string> => {
  say('The client requests a token.')
  const issued = expect(200, await post('/oauth/token', { grant_type: 'client_credentials' }))
  const token = String(issued.body['access_token'])
  const shortened = `${token.slice(0, 24)}…${token.slice(-8)}`
  show('POST /oauth/token → 200 ', { ...issued.body, access_token: shortened })

  say('The token has these claims.')
  show('', decodeJwt(token))

  say('Introspection reads the database, and answers that the token is active.')
  expectActive(true, await post('/oauth/introspect', { token }))
  show('POST /oauth/introspect → 200 ', 'active: true')
  return token
}

const refuse = async (post: Post): Promise<void> => {
  const ask = (form: Record<string, string>) =>
    post('/oauth/token', { grant_type: 'client_credentials', ...form })

  say('The token endpoint refuses a permission that is not granted; it does not drop it silently.')
  showRefusal('POST /oauth/token', expect(400, await ask({ scope: 'hook:govern' })))

  say('It refuses a plugin that the client may not act for.')
  showRefusal('POST /oauth/token', expect(400, await ask({ plugin_id: 'mail-sync' })))
}

const callGateway = async (gateway: string, token: string): Promise<void> => {
  say('The client calls the resource server, which verifies the token by itself.')
  const good = '/hooks/track?plugin_id=slack-sync'
  show(`POST ${good} → 200 `, expect(200, await callWith(gateway, good, token)).body)

  say('The resource server refuses it for another plugin, for none, and without the permission.')
  for (const path of [
    '/hooks/track?plugin_id=mail-sync',
    '/hooks/track',
    '/hooks/govern?plugin_id=slack-sync',
  ]) {
    showRefusal(`POST ${path}`, expect(403, await callWith(gateway, path, token)))
  }
}

const revoke = async (post: Post, gateway: string, token: string): Promise<void> => {
  say('The client revokes its token.')
  expect(200, await post('/oauth/revoke', { token }))
  show('', 'POST /oauth/revoke → 200')

  say('The token is refused from now on, although it has not expired.')
  const inactive = expectActive(false, await post('/oauth/introspect', { token }))
  show('POST /oauth/introspect → 200 ', inactive.body)
  const path = '/hooks/track?plugin_id=slack-sync'
  const [refused] = await refusedSoon(() => callWith(gateway, path, token))
  showRefusal(`POST ${path}`, refused)
}

const showKeys = async (server: string): Promise<void> => {
  say('The JWKS has the public keys: the one that signs, and the next one.')
  const jwks = await answerOf(await fetch(`${server}/.well-known/jwks.json`))
  for (const key of expect(200, jwks).body['keys'] as Record<string, unknown>[]) {
    const { n: _modulus, e: _exponent, ...others } = key
    show('', JSON.stringify(others))
  }
  tell('')
}
