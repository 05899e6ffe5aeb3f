// Command line and admin API as faces of the same operations: the same steps, each on its own database, have equal
// answers and leave the same audit. A third face is the command line on another machine, with a profile.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { ENDPOINTS } from '../../src/admin/api/table.ts'
import { auditRows } from '../support/audit-log.ts'
import { createCaller } from '../support/http.ts'
import {
  type Place,
  latchkey,
  newDirectory,
  seededPlace,
  startServer,
} from '../support/processes.ts'

type Json = Record<string, unknown>
type Names = Record<string, string>

/**
 * A step on both faces. The words `$client`, `$secret` and so on are replaced by members of earlier
 * answers.
 */
type Step = {
  cli: string
  api: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} ${string}`
  body?: Json
  stdin?: string
  /** Members of the answer for later steps. */
  names?: Names
  /** Code of the refusal on both faces. */
  code?: string
}

const GRANTS = [
  { audience: 'docs', permissions: ['write'] },
  { audience: 'hook', permissions: ['hook:track'] },
]
const PERMISSIONS = [
  { name: 'read', implies: [] },
  { name: 'write', implies: ['read'] },
]

const DETAILS = {
  authorization_details: [
    { type: 'playlist', identifier: 'evening', actions: '*', parts: ['a', 'b'] },
  ],
}
const ELSEWHERE = {
  authorization_details: [{ type: 'playlist', identifier: 'nope', actions: '*', parts: '*' }],
}

const RUNS = {
  authorization_details: [
    { type: 'tool_run', identifier: '*', project_id: 'p1', locations: '*', actions: '*' },
  ],
}

/** A token id that no token has. It begins with a dash, as one in 64 does. */
const JTI = '-AAAAAAAAAAAAAAAAAAAAA'

const STEPS: readonly Step[] = [
  {
    cli: 'workspace create acme --name Acme',
    api: 'POST /workspaces',
    body: { id: 'acme', name: 'Acme' },
  },
  {
    cli: 'workspace create acme',
    api: 'POST /workspaces',
    body: { id: 'acme' },
    code: 'already_exists',
  },
  {
    cli: 'workspace create .x',
    api: 'POST /workspaces',
    body: { id: '.x' },
    code: 'invalid_value',
  },
  { cli: 'workspace list --status active', api: 'GET /workspaces?status=active' },
  {
    cli: 'workspace list --status gone',
    api: 'GET /workspaces?status=gone',
    code: 'invalid_value',
  },
  { cli: 'workspace show acme', api: 'GET /workspaces/acme' },
  { cli: 'workspace show nope', api: 'GET /workspaces/nope', code: 'not_found' },
  {
    cli: 'workspace update acme --name Acme2',
    api: 'PATCH /workspaces/acme',
    body: { name: 'Acme2' },
  },
  { cli: 'workspace suspend acme', api: 'POST /workspaces/acme/suspend' },
  { cli: 'workspace resume acme', api: 'POST /workspaces/acme/resume' },
  {
    cli: 'audience create docs --permission read --permission write>read --ttl 300',
    api: 'POST /audiences',
    body: { id: 'docs', permissions: PERMISSIONS, token_ttl: 300 },
  },
  { cli: 'audience list --requires-plugin true', api: 'GET /audiences?requires_plugin=true' },
  { cli: 'audience show docs', api: 'GET /audiences/docs' },
  {
    cli: 'audience update docs --ttl 10',
    api: 'PATCH /audiences/docs',
    body: { token_ttl: 10 },
    code: 'invalid_value',
  },
  {
    cli: 'audience update docs --requires-plugin',
    api: 'PATCH /audiences/docs',
    body: { requires_plugin: true },
  },
  {
    cli: 'audience update latchkey --requires-plugin',
    api: 'PATCH /audiences/latchkey',
    body: { requires_plugin: true },
    code: 'last_administrator',
  },
  {
    cli: 'plugin create slack --trust trusted --capability connector:slack',
    api: 'POST /plugins',
    body: { id: 'slack', trust: 'trusted', capabilities: ['connector:slack'] },
  },
  { cli: 'plugin list --trust trusted', api: 'GET /plugins?trust=trusted' },
  { cli: 'plugin show slack', api: 'GET /plugins/slack' },
  {
    cli: 'plugin update slack --trust restricted',
    api: 'PATCH /plugins/slack',
    body: { trust: 'restricted' },
  },
  { cli: 'plugin revoke-tokens slack', api: 'POST /plugins/slack/revoke-tokens' },
  {
    cli: 'client create --name daemon --workspace acme --plugin slack --grant docs=write --grant hook=hook:track',
    api: 'POST /clients',
    body: { name: 'daemon', workspace_id: 'acme', plugins: ['slack'], grants: GRANTS },
    names: { client: 'client_id', text: 'client_secret', first: 'secret_id' },
  },
  {
    cli: 'client create --name daemon --plugin nope',
    api: 'POST /clients',
    body: { name: 'daemon', plugins: ['nope'] },
    code: 'unknown_reference',
  },
  {
    cli: 'client list --workspace acme --plugin slack',
    api: 'GET /clients?workspace_id=acme&plugin_id=slack',
  },
  { cli: 'client show $client', api: 'GET /clients/$client' },
  {
    cli: 'client update $client --ttl 120 --quota 60/min',
    api: 'PATCH /clients/$client',
    body: { token_ttl: 120, quota_per_minute: 60 },
  },
  {
    cli: 'client grant $client --grant docs= --introspects docs',
    api: 'PATCH /clients/$client',
    body: { grants: [GRANTS[1]], plugins: ['slack'], introspects: ['docs'] },
  },
  {
    cli: 'resource put playlist evening --workspace acme --part a --part b',
    api: 'POST /resources',
    body: { type: 'playlist', id: 'evening', workspace_id: 'acme', parts: ['a', 'b'] },
  },
  { cli: 'resource list --type playlist', api: 'GET /resources?type=playlist' },
  {
    cli: 'client details $client -',
    api: 'PUT /clients/$client/authorization-details',
    body: DETAILS,
    stdin: JSON.stringify(DETAILS.authorization_details),
  },
  {
    cli: 'client details $client -',
    api: 'PUT /clients/$client/authorization-details',
    body: ELSEWHERE,
    stdin: JSON.stringify(ELSEWHERE.authorization_details),
    code: 'unknown_reference',
  },
  {
    cli: 'resource put playlist evening --part a',
    api: 'PUT /resources/playlist/evening',
    body: { parts: ['a'] },
  },
  { cli: 'resource show playlist evening', api: 'GET /resources/playlist/evening' },
  { cli: 'resource delete playlist evening', api: 'DELETE /resources/playlist/evening' },
  {
    cli: 'client details $client -',
    api: 'PUT /clients/$client/authorization-details',
    body: RUNS,
    stdin: JSON.stringify(RUNS.authorization_details),
  },
  { cli: 'token list --client $client', api: 'GET /tokens?client_id=$client' },
  { cli: 'token list', api: 'GET /tokens', code: 'invalid_value' },
  {
    cli: 'run revoke .x --workspace acme',
    api: 'POST /runs/.x/revoke',
    body: { workspace_id: 'acme' },
    code: 'invalid_value',
  },
  {
    cli: 'run revoke run/7 --workspace acme',
    api: 'POST /runs/run%2F7/revoke',
    body: { workspace_id: 'acme' },
  },
  {
    cli: 'run revoke run/7 --workspace nope',
    api: 'POST /runs/run%2F7/revoke',
    body: { workspace_id: 'nope' },
    code: 'unknown_reference',
  },
  { cli: 'run list --workspace acme', api: 'GET /runs?workspace_id=acme' },
  { cli: 'run show run/7 --workspace acme', api: 'GET /runs/run%2F7?workspace_id=acme' },
  { cli: 'run show run/7', api: 'GET /runs/run%2F7', code: 'not_found' },
  {
    cli: 'client update $client --ledger',
    api: 'PATCH /clients/$client',
    body: { ledger: true },
  },
  {
    cli: 'client update $client --no-ledger',
    api: 'PATCH /clients/$client',
    body: { ledger: false },
  },
  { cli: 'client disable $client', api: 'POST /clients/$client/disable' },
  { cli: 'client enable $client', api: 'POST /clients/$client/enable' },
  { cli: 'client revoke-tokens $client', api: 'POST /clients/$client/revoke-tokens' },
  {
    cli: 'secret add $client --name second --previous-expires-in 60',
    api: 'POST /clients/$client/secrets',
    body: { name: 'second', previous_expires_in: 60 },
    names: { secret: 'secret_id' },
  },
  { cli: 'secret list $client', api: 'GET /clients/$client/secrets' },
  { cli: 'secret show $client $secret', api: 'GET /clients/$client/secrets/$secret' },
  { cli: 'secret revoke $client $secret', api: 'DELETE /clients/$client/secrets/$secret' },
  {
    cli: 'secret revoke $client $secret',
    api: 'DELETE /clients/$client/secrets/$secret',
    code: 'not_found',
  },
  {
    cli: 'enrollment create --name box --plugin slack --grant hook=hook:track --unused-after 30',
    api: 'POST /enrollments',
    body: { name: 'box', plugins: ['slack'], grants: [GRANTS[1]], unused_after_days: 30 },
    names: { enrollment: 'enrollment_id' },
  },
  { cli: 'enrollment list --workspace default', api: 'GET /enrollments?workspace_id=default' },
  { cli: 'enrollment show $enrollment', api: 'GET /enrollments/$enrollment' },
  { cli: 'enrollment revoke $enrollment', api: 'POST /enrollments/$enrollment/revoke' },
  {
    cli: 'enrollment revoke $enrollment',
    api: 'POST /enrollments/$enrollment/revoke',
    code: 'enrollment_ended',
  },
  { cli: 'token revoke -', api: 'POST /revocations', body: { token: '$token' }, stdin: '$token' },
  {
    cli: 'token inspect -',
    api: 'POST /tokens/inspect',
    body: { token: '$token' },
    stdin: '$token',
  },
  {
    cli: 'token inspect -',
    api: 'POST /tokens/inspect',
    body: { token: 'none' },
    stdin: 'none',
    code: 'invalid_value',
  },
  { cli: `token revoke --jti ${JTI}`, api: 'POST /revocations', body: { jti: JTI } },
  {
    cli: 'token revoke --jti short',
    api: 'POST /revocations',
    body: { jti: 'short' },
    code: 'invalid_value',
  },
  { cli: `token show ${JTI}`, api: `GET /tokens/${JTI}`, code: 'not_found' },
  { cli: 'admin list', api: 'GET /clients?audience=latchkey' },
  { cli: 'admin show $admin', api: 'GET /clients/$admin' },
  { cli: 'revocation list', api: 'GET /revocations', names: { rule: 'seq' } },
  { cli: 'revocation show $rule', api: 'GET /revocations/$rule' },
  { cli: 'revocation show none', api: 'GET /revocations/none', code: 'not_found' },
  { cli: 'audit show 1', api: 'GET /audit/1' },
  { cli: 'audit show 0', api: 'GET /audit/0', code: 'not_found' },
  { cli: 'revocation list --kind client', api: 'GET /revocations?kind=client' },
  {
    cli: 'client create --name late --plugin spare --create-plugin',
    api: 'POST /clients',
    body: { name: 'late', plugins: ['spare'], create_plugins: true },
  },
  { cli: 'plugin disable spare', api: 'POST /plugins/spare/disable' },
  { cli: 'plugin list --status disabled', api: 'GET /plugins?status=disabled' },
  {
    cli: 'client create --name later --plugin spare',
    api: 'POST /clients',
    body: { name: 'later', plugins: ['spare'] },
    code: 'plugin_disabled',
  },
  { cli: 'plugin enable spare', api: 'POST /plugins/spare/enable' },
  { cli: 'plugin delete spare', api: 'DELETE /plugins/spare' },
  {
    cli: 'plugin create spare',
    api: 'POST /plugins',
    body: { id: 'spare' },
    code: 'already_exists',
  },
  {
    cli: 'client create --name later --plugin spare --create-plugin',
    api: 'POST /clients',
    body: { name: 'later', plugins: ['spare'], create_plugins: true },
    code: 'unknown_reference',
  },
  { cli: 'client disable $admin', api: 'POST /clients/$admin/disable', code: 'last_administrator' },
  { cli: 'client delete $client', api: 'DELETE /clients/$client' },
  { cli: 'client delete $client', api: 'DELETE /clients/$client', code: 'not_found' },
  {
    cli: 'audit list --action client.delete --outcome refused',
    api: 'GET /audit?action=client.delete&outcome=refused',
  },
  { cli: 'audit list --outcome nope', api: 'GET /audit?outcome=nope', code: 'invalid_value' },
  { cli: 'audit verify', api: 'GET /audit/verify' },
  { cli: 'audit export --since 2026-01-01', api: 'GET /audit/export?since=2026-01-01' },
  { cli: 'key list --state active', api: 'GET /keys?state=active', names: { kid: 'kid' } },
  { cli: 'key show $kid', api: 'GET /keys/$kid' },
  { cli: 'key rotate', api: 'POST /keys/rotate', code: 'key_too_young' },
  { cli: 'key rotate --now', api: 'POST /keys/rotate', body: { now: true } },
  {
    cli: 'key rotate --alg ES256',
    api: 'POST /keys/rotate',
    body: { algorithm: 'ES256' },
    code: 'invalid_value',
  },
  { cli: 'key list --state retiring', api: 'GET /keys?state=retiring' },
  { cli: 'key revoke $kid', api: 'POST /keys/$kid/revoke' },
  { cli: 'key revoke --all', api: 'POST /keys/revoke-all' },
]

/** Addresses with another command: `client show` includes the details. Status has sizes and the state of the process. */
const API_ALONE = [
  'GET /clients/{client_id}/authorization-details',
  'GET /status',
  'POST /dry-runs', // the flag `--dry-run`
]

/** Steps that both command lines rehearse first, with the flag `--dry-run`. */
const REHEARSED = [
  'workspace suspend acme',
  'client grant $client --grant docs= --introspects docs',
  'resource put playlist evening --part a',
  'run revoke run/7 --workspace acme',
  'client delete $client',
  'key revoke --all',
]

const fill = (text: string, names: Names): string =>
  text.replaceAll(/\$(\w+)/g, (_, name: string) => names[name] ?? `$${name}`)

/** Members that depend on the caller, the way and the time. */
const BY_SIDE = [
  'actor',
  'address',
  'request_id',
  'time',
  'created_by',
  'last_used_at',
  'iss',
  'iat',
  'exp',
  'checked',
  'sealed_to',
  'sealed_at',
  'sealed_mac',
  'unsealed',
]

const TIME = /\b\d{4}-\d\d-\d\dT[\d:.]+Z/g

/** Parses one JSON value, or one for each line. */
const parseAnswer = (text: string): unknown => {
  const lines = text.trim().split('\n')
  const isExport = lines.length > 1 && lines.every((line) => /^{.*}$/.test(line))
  return isExport ? lines.map((line) => JSON.parse(line) as unknown) : JSON.parse(text)
}

/**
 * Compares by name: rows of one second are ordered by id, and may belong to different seconds on
 * the other face.
 */
const byName = (a: unknown, b: unknown): number => {
  const [one, other] = [a, b].map((item) => {
    const { id = '', name = '', state = '', ...times } = (item ?? {}) as Json
    const isUnset = ['activated_at', 'retired_at'].map((member) => times[member] === null)
    return [id, name, state, ...isUnset].map(String).join(' ')
  })
  return (one ?? '').localeCompare(other ?? '')
}

/** Id that the server makes (`src/secret.ts`): a kind and 16 random bytes. */
const SERVER_ID = /\b([a-z]+)_[\w-]{22}(?![\w-])/g
/** Text of 16 or 32 random bytes without a kind. */
const RANDOM = /^([\w-]{22}|[\w-]{43})$/

/** Replaces each random value and time by its order of appearance. */
const normalizer = () => {
  const seen = new Map<string, string>()
  const named = (value: string, kind: string): string => {
    const name = seen.get(value) ?? `${kind} ${seen.size}`
    seen.set(value, name)
    return name
  }
  return (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (key, member: unknown) => {
        if (Array.isArray(member)) return member.toSorted(byName)
        if (BY_SIDE.includes(key)) return `its own ${key}`
        if (typeof member !== 'string') return member
        if (key.endsWith('_at')) return 'a time'
        if (
          ['kid', 'former_kid', 'etag', 'hint', 'client_secret', 'enrollment_token'].includes(key)
        )
          return key
        if (RANDOM.test(member)) return named(member, key)
        return member.replaceAll(SERVER_ID, (id) => named(id, 'id')).replaceAll(TIME, 'a time')
      }),
    )
}

/** Removes the ids and times of a face from a refusal. */
const refusal = (text: string) => ({
  refused: text.replaceAll(SERVER_ID, '$1').replaceAll(TIME, 'a time'),
})

type Outcome = { answer: unknown; note?: string } | { refused: string }
type Face = { place: Place; names: Names; act: (step: Step, names: Names) => Promise<Outcome> }

const administrator = (place: Place) => {
  const text = readFileSync(join(place.directory, 'keys', 'admin.json'), 'utf8')
  const { client_id: id, client_secret: secret } = JSON.parse(text) as Record<string, string>
  return { id: id ?? '', secret: secret ?? '' }
}

/** `terminal` is the place in which the commands run. */
const shell = (place: Place, terminal = place): Face => ({
  place,
  names: { admin: administrator(place).id },
  async act({ cli, stdin = '' }, names) {
    const words = [...fill(cli, names).split(' '), '--json']
    const { code, stdout, stderr } = await latchkey(terminal, words, fill(stdin, names))
    if (code === 0)
      return { answer: parseAnswer(stdout), ...(cli.endsWith('--dry-run') && { note: stderr }) }
    expect(code, stderr).toBe(1)
    return refusal(stderr.replace(/^latchkey: /, '').trim())
  },
})

/** The command line in a folder without a database, after `profile add` and `profile use`. */
const remoteShell = async (place: Place): Promise<Face> => {
  const directory = newDirectory()
  const terminal = { ...place, directory, environment: { XDG_CONFIG_HOME: directory } }
  const admin = JSON.stringify({
    client_id: administrator(place).id,
    client_secret: administrator(place).secret,
  })
  const added = ['profile', 'add', 'main', '--url', place.url, '--credentials', '-']
  expect(await latchkey(terminal, added, admin)).toMatchObject({ code: 0, stderr: '' })
  expect(await latchkey(terminal, ['profile', 'use', 'main'])).toMatchObject({ code: 0 })
  return shell(place, terminal)
}

const api = (place: Place): Face => {
  const { issue } = createCaller(place.url)
  const request = async (method: string, path: string, body?: unknown, etag?: string | null) => {
    const token = await issue(administrator(place), { audience: 'latchkey' })
    return await fetch(`${place.url}/admin/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(etag && { 'if-match': etag }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  }
  return {
    place,
    names: { admin: administrator(place).id },
    async act(step, names) {
      const [method = '', path = ''] = fill(step.api, names).split(' ')
      const guarded = ['PUT', 'PATCH', 'DELETE'].includes(method)
      const etag = guarded ? ((await request('GET', path)).headers.get('etag') ?? '"gone"') : null
      const body = step.body && (JSON.parse(fill(JSON.stringify(step.body), names)) as Json)
      const response = await request(method, path, body, etag)
      const answer = parseAnswer(await response.text()) as Json
      if (response.ok) return { answer: 'next_cursor' in answer ? answer['items'] : answer }
      expect(answer['code'], JSON.stringify(answer)).toBe(step.code)
      return refusal(String(answer['detail']))
    },
  }
}

let faces: Face[]
beforeAll(async () => {
  const places = [await seededPlace(), await seededPlace(), await seededPlace()] as const
  await Promise.all(places.map((place) => startServer(place)))
  faces = [shell(places[0]), api(places[1]), await remoteShell(places[2])]
})

/** Runs a step on one face. @returns the outcome; members for later steps are kept */
const take = async ({ place, names, act }: Face, step: Step): Promise<Outcome> => {
  if (JSON.stringify(step).includes('$token')) {
    const client = { id: names['client'] ?? '', secret: names['text'] ?? '' }
    names['token'] = await createCaller(place.url).issue(client)
  }
  const outcome = await act(step, names)
  if (!('answer' in outcome)) return outcome
  const [first] = [outcome.answer].flat() as Json[]
  for (const [name, member] of Object.entries(step.names ?? {})) {
    names[name] = String(first?.[member])
  }
  return outcome
}

/** Rehearses a step on both command lines. Each has the same answer and the same effects. */
const rehearse = async (step: Step): Promise<void> => {
  const dry = { ...step, cli: `${step.cli} --dry-run` }
  const shells = faces.filter((_, i) => i !== 1)
  const outcomes = await Promise.all(shells.map((face) => face.act(dry, face.names)))
  const [here, there] = outcomes.map((outcome) => normalizer()(outcome))
  expect(here).toMatchObject({ note: expect.stringContaining('; ends: ') as string })
  expect(there, dry.cli).toEqual(here)
}

it('command line, API and remote command line answer each step alike', async () => {
  const normalize = faces.map(() => normalizer())
  for (const step of STEPS) {
    if (REHEARSED.includes(step.cli) && step.code === undefined) await rehearse(step)
    const outcomes = await Promise.all(faces.map((face) => take(face, step)))
    const [shown, answered, shownRemotely] = outcomes.map((outcome, i) => normalize[i]?.(outcome))
    expect(answered, step.cli).toEqual(shown)
    expect(shownRemotely, step.cli).toEqual(shown)
    expect('refused' in (outcomes[0] ?? {}), step.cli).toBe(step.code !== undefined)
  }
})

it('command line, API and remote command line leave the same audit', () => {
  const audits = faces.map(({ place }) => {
    const normalize = normalizer()
    return auditRows(place)
      .filter(({ action }) => action !== 'client.authenticate')
      .map(({ action, target, outcome, reason }) => ({ action, target, outcome, reason }))
      .map(normalize)
  })
  expect(audits[1]).toEqual(audits[0])
  expect(audits[2]).toEqual(audits[0])
})

it('command line covers every address of the API', () => {
  const taken = STEPS.map(({ api: text }) => text.replace(/\?.*/, ''))
  const pattern = (path: string) => new RegExp(`^${path.replaceAll(/{\w+}/g, '[^/ ]+')}$`)
  const forgotten = ENDPOINTS.map(({ method, path }) => `${method.toUpperCase()} ${path}`).filter(
    (address) => !taken.some((text) => pattern(address).test(text)) && !API_ALONE.includes(address),
  )
  expect(forgotten).toEqual([])
})
