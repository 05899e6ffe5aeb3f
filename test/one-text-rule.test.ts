// One rule for names: administration, enrollment and registration accept and refuse the same texts.
import { beforeAll, describe, expect, it } from 'vitest'
import { createEnrollment } from '../src/admin/enrollments.ts'
import { adminOf } from './support/admin.ts'
import { type AdminApi, startAdminApi } from './support/admin-api.ts'
import { HIDDEN_KINDS } from './support/hidden-text.ts'

let api: AdminApi
let registered: { id: string; token: string }
beforeAll(async () => {
  api = await startAdminApi()
  api.server.deps.writes = async () => 0 // more writes than the limit for a client
  const made = (await (await register({ client_name: 'a' })).json()) as Record<string, string>
  const { client_id: id = '', registration_access_token: token = '' } = made
  registered = { id, token }
})

const send = (path: string, method: string, token: string, body: object) =>
  api.server.request(path, {
    method,
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
  })

const register = async (body: object) => {
  const grants = [{ audience: 'docs', permissions: ['read'] }]
  const { enrollment_token: token } = await createEnrollment(adminOf(api.server), { grants })
  return await send('/oauth/register', 'POST', token, body)
}

const update = async (body: object) => {
  const { id, token } = registered
  const response = await send(`/oauth/register/${id}`, 'PUT', token, { client_id: id, ...body })
  const made = (await response.clone().json()) as { registration_access_token?: string }
  registered.token = made.registration_access_token ?? token
  return response
}

let count = 0
const post = (path: string, body: object) =>
  api.call(api.callers.unbound, 'POST', path, { id: `n${++count}`, ...body })
const patch = async (path: string, body: object) =>
  api.call(api.callers.unbound, 'PATCH', path, body, await api.ifMatch(path))
const withoutId = (path: string, body: object) => api.call(api.callers.unbound, 'POST', path, body)

type Face = (text: string) => Promise<{ status: number }>

const FACES: Record<string, Face> = {
  'a new client': (name) => withoutId('/clients', { name }),
  'a changed client': (name) => patch(`/clients/${registered.id}`, { name }),
  'a new plugin': (name) => post('/plugins', { name }),
  'a changed plugin': (name) => patch('/plugins/p-acme', { name }),
  'a new workspace': (name) => post('/workspaces', { name }),
  'a changed workspace': (name) => patch('/workspaces/acme', { name }),
  'an enrollment': (name) => withoutId('/enrollments', { name }),
  'a registration': (client_name) => register({ client_name }),
  'a name in another language': (name) => register({ client_name: 'a', 'client_name#ja': name }),
  'a changed registration': (client_name) => update({ client_name }),
  'a software id': (software_id) => register({ client_name: 'a', software_id }),
  'a software version': (software_version) => register({ client_name: 'a', software_version }),
  'a contact': (contact) => register({ client_name: 'a', contacts: [contact] }),
}

/** Builds a flag of the black flag, tag characters and the cancel tag. */
const flag = (name: string): string =>
  `🏴${Array.from(name, (char) => String.fromCodePoint(0xe0000 + (char.codePointAt(0) ?? 0))).join('')}\u{e007f}`

const ACCEPTED = [
  'Daemon',
  'Zoë & "Söhne" \\ <a>',
  '東京支社',
  'علی\u200cرضا',
  'क\u094d\u200dष',
  '  padded  ',
  '👩\u200d👩\u200d👧\u200d👦',
  '👨🏽\u200d🚀',
  '🏳\ufe0f\u200d🌈',
  '🏴\u200d☠\ufe0f',
  '❤\ufe0f\u200d🔥',
  '👁\ufe0f\u200d🗨\ufe0f',
  '🧑🏿\u200d🤝\u200d🧑🏻',
  '🐈\u200d⬛',
  '🏃🏼\u200d♀\ufe0f\u200d➡\ufe0f',
  ...['gbeng', 'gbsct', 'gbwls'].map((name) => `a${flag(name)}`),
  '1\ufe0f\u20e3',
  '🇩🇪',
  'x'.repeat(200),
]

const REFUSED = [
  ...HIDDEN_KINDS.map((point) => `a${String.fromCodePoint(point)}b`),
  ...[0x202a, 0x202b, 0x202c, 0x202d, 0x2067, 0x2068, 0x2069, 0x200e, 0x200f, 0x61c].map(
    (point) => `a${String.fromCodePoint(point)}b`,
  ),
  '👩\u202e\u200d👧',
  '\u202e👩\u200d👧',
  '👩\u200d',
  '\u200d👧',
  '👩\u200d\u200d👧',
  'a\u200db',
  flag('gb'),
  flag('gbsctxx'),
  flag('GBSCT'),
  `${flag('gbsct')}\u{e0061}`,
  '🏴\u{e0067}\u{e0062}',
  '',
  ' ',
  '\u3000',
  '\u2800',
  '\ud800',
  'x'.repeat(201),
  'line\nbreak',
  'tab\tbed',
]

describe.each(Object.entries(FACES))('text of %s', (_, face) => {
  it.each(ACCEPTED)('may be %j', async (text) => {
    expect([200, 201]).toContain((await face(text)).status)
  })

  it.each(REFUSED)('is refused: %j', async (text) => {
    expect([400, 422]).toContain((await face(text)).status)
  })
})
