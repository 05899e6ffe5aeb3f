// The demo's second part: a daemon that enrolls itself, and tokens for exactly one zone of one playlist.
import { setDetails } from '../../admin/details.ts'
import { createEnrollment } from '../../admin/enrollments.ts'
import type { AdminCall } from '../../admin/operation.ts'
import { createResource } from '../../admin/resources.ts'
import {
  type Answer,
  type Post,
  answerOf,
  callWith,
  caller,
  expect,
  refusedSoon,
  say,
  show,
  showRefusal,
} from './narrator.ts'

type Setting = { server: string; player: string; call: AdminCall }

const entry = (zone: string) => ({
  type: 'playlist',
  identifier: 'evening',
  actions: ['play'],
  parts: [zone],
})

/** @throws Error for an unexpected answer */
export const showEnrollment = async ({ server, player, call }: Setting): Promise<void> => {
  const enrollmentToken = await invite(call)
  const daemon = await enroll(server, enrollmentToken)
  const post = caller(server, daemon)
  const token = await issueFor(post, 'lobby')
  await play(player, token)
  await redesignate({ call, player, post, clientId: daemon.client_id, token })
}

const invite = async (call: AdminCall): Promise<string> => {
  say(
    'The operator creates an enrollment token for a daemon that may play a playlist in the lobby.',
  )
  await createResource(call, { type: 'playlist', id: 'evening', parts: ['lobby', 'bar'] })
  const enrollment = await createEnrollment(call, {
    grants: [{ audience: 'player', permissions: ['player:play'] }],
    authorization_details: [entry('lobby')],
    unused_after_days: 30,
  })
  show(
    'enrollment_token ',
    `${enrollment.enrollment_token.slice(0, 8)}… (used once, within 15 minutes)`,
  )
  show('authorization_details', `\n  ${JSON.stringify(enrollment.authorization_details)}`)
  return enrollment.enrollment_token
}

const enroll = async (server: string, token: string) => {
  const register = async (): Promise<Answer> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ client_name: 'Lobby player' })
    return await answerOf(
      await fetch(`${server}/oauth/register`, { method: 'POST', headers, body }),
    )
  }
  say('The daemon registers itself with the enrollment token, and no person handles its secret.')
  const { body } = expect(201, await register())
  const { client_id: id, client_secret: secret } = body
  show('POST /oauth/register → 201 ', `${String(id)}, with a secret of its own`)

  say('A second use of the enrollment token is refused.')
  showRefusal('POST /oauth/register', expect(401, await register()))
  return { client_id: String(id), client_secret: String(secret) }
}

const issueFor = async (post: Post, zone: string): Promise<string> => {
  say(`The daemon requests a token for the zone ${zone} only.`)
  const authorization_details = JSON.stringify([{ type: 'playlist', parts: [zone] }])
  const form = { grant_type: 'client_credentials', authorization_details }
  const { body } = expect(200, await post('/oauth/token', form))
  show('POST /oauth/token → 200', `\n  ${JSON.stringify(body['authorization_details'])}`)
  return String(body['access_token'])
}

const PATH = (zone: string): string => `/playlists/evening/play?zone=${zone}`

const play = async (player: string, token: string): Promise<void> => {
  say('The resource server accepts the token for that zone, and refuses it for the other.')
  await plays(player, 'lobby', token)
  showRefusal(`POST ${PATH('bar')}`, expect(403, await callWith(player, PATH('bar'), token)))
}

const plays = async (player: string, zone: string, token: string): Promise<void> =>
  show(`POST ${PATH(zone)} → 200 `, expect(200, await callWith(player, PATH(zone), token)).body)

type Redesignation = {
  call: AdminCall
  player: string
  post: Post
  clientId: string
  token: string
}

const redesignate = async ({ call, player, post, clientId, token }: Redesignation) => {
  say('The operator moves the daemon to the bar, which revokes the old token.')
  await setDetails(call, clientId, { authorization_details: [entry('bar')] })
  const [refused] = await refusedSoon(() => callWith(player, PATH('lobby'), token))
  showRefusal(`POST ${PATH('lobby')}`, refused)
  const moved = await issueFor(post, 'bar')
  await plays(player, 'bar', moved)
  showRefusal(`POST ${PATH('lobby')}`, expect(403, await callWith(player, PATH('lobby'), moved)))
}
