// References in the public list, read by an attacker who has every id. Tokens and rules from
// versions without references.
import { createHash } from 'node:crypto'
import { decodeJwt } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import type { AuthorizationDetail } from '../../src/store/store.ts'
import { createVerifier, unsafeIgnorePlugin } from '../../src/verifier/index.ts'
import type { ClientCredentials } from '../support/records.ts'
import { ISSUER, type TestServer, startServer } from '../support/server.ts'

const RUN: AuthorizationDetail = {
  type: 'tool_run',
  identifier: '*',
  project_id: 'p1',
  locations: ['/v1/tasks'],
  actions: ['read'],
}
const asked = (identifier: string) => ({
  authorization_details: JSON.stringify([{ type: 'tool_run', identifier }]),
})

let server: TestServer
let client: ClientCredentials
/** Client outside every workspace. */
let free: ClientCredentials

beforeEach(async () => {
  server = await startServer()
  await server.audience('api', ['read'])
  await server.workspace('acme')
  const granted = { grants: { api: ['read'] }, details: [RUN] }
  client = await server.client({ ...granted, workspaceId: 'acme' })
  free = await server.client({ ...granted, workspaceId: null })
})

const closeRun = (identifier: string, by: ClientCredentials) =>
  server.post('/oauth/runs/revoke', { identifier }, { basic: by })

const list = async (): Promise<{ text: string; values: string[] }> => {
  const text = await (await server.request('/oauth/revocations')).text()
  const { entries } = decodeJwt<{ entries: { value: string }[] }>(text)
  return { text: JSON.stringify(decodeJwt(text)), values: entries.map(({ value }) => value) }
}

const IDS = ['acme', 'default', 'run-1', 'run-2', '', 'api', ISSUER]

/** Texts that an attacker who has every id can build from one or two of them. */
const CONSTRUCTIONS: ((a: string, b: string) => string)[] = [
  (a) => a,
  ...['\n', '/', ':', '.', '|', ' ', '\0', '', '#', '\n\n'].map(
    (between) => (a: string, b: string) => `${a}${between}${b}`,
  ),
  (a, b) => JSON.stringify([a, b]),
  (a) => JSON.stringify(a),
  (a) => `${a}\n`,
  ...['workspace', 'run', 'tool_run'].flatMap((kind) => [
    (a: string) => `${kind}:${a}`,
    (a: string) => `${kind}\n${a}`,
    (a: string, b: string) => `${kind}:${a}\n${b}`,
    (a: string, b: string) => `${kind}/${a}/${b}`,
  ]),
]

const digests = (text: string): string[] => {
  const once = createHash('sha256').update(text)
  const bytes = once.copy().digest()
  const twice = createHash('sha256').update(bytes).digest('base64url')
  return [text, bytes.toString('base64url'), bytes.toString('hex'), twice]
}

test('public revocation list hides every workspace and run from an attacker who has all ids', async () => {
  for (const id of ['run-1', 'run-2']) await closeRun(id, client)
  await closeRun('run-1', free)
  await server.setWorkspaceStatus('acme', 'suspended')
  const { text, values } = await list()
  expect(values).toHaveLength(4)
  const guesses = new Set(
    CONSTRUCTIONS.flatMap((of) => IDS.flatMap((a) => IDS.flatMap((b) => digests(of(a, b))))),
  )
  expect(values.filter((value) => guesses.has(value))).toEqual([])
  const refs = server.query(
    'select ref from workspaces union select no_workspace_ref from revocation_counter',
  )
  expect(refs).toHaveLength(3)
  for (const { ref } of refs) expect(text).not.toContain(ref)
})

describe('workspace_ref claim', () => {
  const claimsOf = async (by: ClientCredentials, form = {}) =>
    decodeJwt(await server.issue(by, form))

  test('is equal in all tokens of a workspace and differs between workspaces', async () => {
    await server.workspace('other')
    const third = await server.client({ workspaceId: 'other', grants: { api: ['read'] } })
    const [{ ref }] = server.query(`select ref from workspaces where id = 'acme'`) as [
      { ref: string },
    ]
    expect(ref).toMatch(/^[\w-]{22}$/)
    expect((await claimsOf(client))['workspace_ref']).toBe(ref)
    expect((await claimsOf(client, asked('r')))['workspace_ref']).toBe(ref)
    expect((await claimsOf(third))['workspace_ref']).not.toBe(ref)
  })

  test('is set for a client outside every workspace only when the token names a run', async () => {
    expect(await claimsOf(free)).not.toHaveProperty('workspace_ref')
    const { workspace_ref: ref } = await claimsOf(free, asked('r'))
    expect(server.query('select no_workspace_ref as ref from revocation_counter')).toEqual([
      { ref },
    ])
  })

  test('makes a token malformed and inactive when it is not a text', async () => {
    for (const ref of [7, null, ['a'], { a: 1 }, true]) {
      const claims = { ...decodeJwt(await server.issue(client)), workspace_ref: ref }
      const { token } = await server.deps.signer.sign(claims, { algorithm: 'RS256', typ: 'at+jwt' })
      expect(await server.introspect(client, token)).toEqual({ active: false })
      await expect(verify(token)).rejects.toMatchObject({ code: 'token_malformed' })
    }
  })
})

const verify = async (token: string): Promise<unknown> => {
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: 'api',
    follow: 'on-use',
    clock: () => server.deps.clock(),
    fetch: (url) => server.request(url.slice(ISSUER.length)),
  })
  try {
    return await verifier.verify(token, { permission: null, plugin: unsafeIgnorePlugin })
  } finally {
    verifier.close()
  }
}

describe('token of an older version, without workspace_ref,', () => {
  /** Signs the same token in the form of an older server. */
  const older = async (token: string): Promise<string> => {
    const { workspace_ref: _, ...claims } = decodeJwt(token)
    return (await server.deps.signer.sign(claims, { algorithm: 'RS256', typ: 'at+jwt' })).token
  }

  const TAKEN: [string, (by: ClientCredentials) => Promise<unknown>][] = [
    ['closing its run', (by) => closeRun('run-1', by)],
    ['suspending its workspace', () => server.setWorkspaceStatus('acme', 'suspended')],
  ]

  test.each(TAKEN)('is revoked together with a current one by %s', async (_, take) => {
    server.sql(`update revocation_counter set named_rules_until = ${server.seconds() + 1}`)
    const token = await server.issue(client, asked('run-1'))
    const tokens = [token, await older(token)]
    const observer = await server.client({ introspects: ['api'] })
    for (const each of tokens) {
      await expect(verify(each)).resolves.toMatchObject({ clientId: client.id })
      expect(await server.introspect(observer, each)).toMatchObject({ active: true })
    }
    await take(client)
    for (const each of tokens) {
      await expect(verify(each)).rejects.toMatchObject({ code: 'token_revoked' })
      expect(await server.introspect(observer, each)).toEqual({ active: false })
    }
  })

  test('is revoked with its run for a client outside every workspace', async () => {
    server.sql(`update revocation_counter set named_rules_until = ${server.seconds() + 1}`)
    const token = await server.issue(free, asked('run-1'))
    const tokens = [token, await older(token)]
    await closeRun('run-1', free)
    for (const each of tokens) {
      await expect(verify(each)).rejects.toMatchObject({ code: 'token_revoked' })
    }
  })

  test('is revoked together with a current one by a rule from the older version', async () => {
    const token = await server.issue(client, asked('run-1'))
    await closeRun('run-1', client)
    // Rewrites the rule to the form of an older server.
    const named = createHash('sha256').update('acme\nrun-1').digest('base64url')
    server.sql(`update revocations set value = '${named}' where kind = 'run';
      update closed_runs set rule_value = null`)
    for (const each of [token, await older(token)]) {
      await expect(verify(each)).rejects.toMatchObject({ code: 'token_revoked' })
    }
    const refused = await server.requestToken(asked('run-1'), { basic: client })
    expect(await refused.json()).toMatchObject({ code: 'run_closed' })
  })
})
