import { describe, expect, it } from 'vitest'
import { createAudience, updateAudience } from '../../src/admin/audiences.ts'
import { createAdministrator } from '../../src/admin/administrators.ts'
import { createClient, showClient } from '../../src/admin/clients.ts'
import { createPlugin, updatePlugin } from '../../src/admin/plugins.ts'
import { addSecret, listSecrets } from '../../src/admin/secrets.ts'
import { createWorkspace } from '../../src/admin/workspaces.ts'
import { grantClient } from '../../src/cli/grants.ts'
import { performOn } from '../../src/cli/local.ts'
import { MIN_TOKEN_TTL_SECONDS } from '../../src/constants.ts'
import { OperationRefused } from '../../src/errors.ts'
import { adminOf } from '../support/admin.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const admin = adminOf(server)
const perform = performOn(admin)

/** Returns the refusal of an operation, and fails when the operation succeeds. */
const refusalOf = async (operation: Promise<unknown>): Promise<OperationRefused> => {
  const outcome = await operation.then(
    () => null,
    (error: unknown) => error,
  )
  expect(outcome).toBeInstanceOf(OperationRefused)
  return outcome as OperationRefused
}

/** Returns the first refused field, without list indexes. */
const fieldOf = ({ errors }: OperationRefused): string | undefined =>
  errors[0]?.field.replace(/\.\d+/g, '')

const LONG_ID = 'a'.repeat(129)

describe('id', () => {
  it.each(['a', 'A9', 'a.b_c:d/e~f-g', '0', 'a'.repeat(128)])(
    '%s is accepted for a plugin',
    async (id) => {
      await expect(createPlugin(admin, { id })).resolves.toMatchObject({ id })
    },
  )

  it.each(['', ' a', '-a', '.a', '~a', 'a b', 'a,b', 'a*', 'ä', 'a\n', 'a\0', LONG_ID])(
    '%j is refused for a plugin',
    async (id) => {
      expect(await refusalOf(createPlugin(admin, { id }))).toMatchObject({
        code: 'invalid_value',
        errors: [{ field: 'id' }],
      })
    },
  )

  it.each([
    'https://api.example',
    'https://api.example/v1?x=1',
    'http://localhost:9000/x',
    'docs-1',
  ])('%s is accepted for an audience', async (id) => {
    await expect(createAudience(admin, { id })).resolves.toMatchObject({ id })
  })

  it.each([
    'http://api.example',
    'https://api.example#top',
    'https://',
    'ftp://api.example',
    'https://api.example/ x',
    `https://api.example/${'a'.repeat(240)}`,
    LONG_ID,
  ])('%s is refused for an audience', async (id) => {
    expect(await refusalOf(createAudience(admin, { id }))).toMatchObject({
      errors: [{ field: 'id' }],
    })
  })

  it('is given once for each noun', async () => {
    await createWorkspace(admin, { id: 'once' })
    expect((await refusalOf(createWorkspace(admin, { id: 'once' }))).code).toBe('already_exists')
    await createPlugin(admin, { id: 'once' })
    expect((await refusalOf(createPlugin(admin, { id: 'once' }))).code).toBe('already_exists')
  })
})

describe('permissions of an audience', () => {
  const permission = (name: string, ...implies: string[]) => ({ name, implies })

  it.each([
    ['a comma', [permission('a,b')]],
    ['a space', [permission('a b')]],
    ['a quote', [permission('a"b')]],
    ['an empty name', [permission('')]],
    ['129 characters', [permission(LONG_ID)]],
    ['a repeated name', [permission('a'), permission('a')]],
    ['an unknown implied permission', [permission('a', 'b')]],
    ['a permission that implies itself', [permission('a', 'a')]],
    ['a circle of two', [permission('a', 'b'), permission('b', 'a')]],
    [
      'a circle behind a tail',
      [permission('t', 'a'), permission('a', 'b'), permission('b', 'c'), permission('c', 'a')],
    ],
  ])('are refused with %s', async (_, permissions) => {
    const refusal = await refusalOf(createAudience(admin, { id: 'refused', permissions }))
    expect(refusal.code).toBe('invalid_value')
    expect(fieldOf(refusal)).toMatch(/^permissions/)
    expect(await server.store.findAudience('refused')).toBeNull()
  })

  it('may imply one permission on two ways', async () => {
    const permissions = [
      permission('top', 'left', 'right'),
      permission('left', 'bottom'),
      permission('right', 'bottom'),
      permission('bottom'),
    ]
    await expect(createAudience(admin, { id: 'diamond', permissions })).resolves.toMatchObject({
      permissions,
    })
  })

  it('need an algorithm that the server has a key for', async () => {
    const refusal = await refusalOf(createAudience(admin, { id: 'refused', algorithm: 'ES256' }))
    expect(fieldOf(refusal)).toBe('algorithm')
  })
})

describe('operation', () => {
  const client = (fields: Record<string, unknown>) =>
    createClient(admin, { name: 'x', ...fields } as Parameters<typeof createClient>[1])

  it.each([
    ['name', ''],
    ['name', ' '],
    ['name', 'a\u0007b'],
    ['name', 'a'.repeat(201)],
    ['token_ttl', MIN_TOKEN_TTL_SECONDS - 1],
    ['token_ttl', 86_401],
    ['token_ttl', MIN_TOKEN_TTL_SECONDS + 0.5],
    ['token_ttl', Number.NaN],
    ['quota_per_minute', 0],
    ['quota_per_minute', 1_000_001],
    ['auth_method', 'private_key_jwt'],
    ['workspace_id', 'nowhere'],
    ['plugins', ['nothing']],
    ['introspects', ['nothing']],
    ['grants', [{ audience: 'nothing', permissions: ['a'] }]],
    ['grants', [{ audience: 'hook', permissions: ['hook:nothing'] }]],
    [
      'grants',
      [
        { audience: 'hook', permissions: ['hook:track'] },
        { audience: 'hook', permissions: ['hook:govern'] },
      ],
    ],
  ])('refuses a client with %s %j and changes nothing', async (field, value) => {
    const before = await server.store.listClients()
    expect(fieldOf(await refusalOf(client({ [field]: value })))).toBe(field)
    expect(await server.store.listClients()).toEqual(before)
  })

  it('refuses a client with an unknown member', async () => {
    expect((await refusalOf(client({ generation: 7 }))).code).toBe('invalid_value')
  })

  it.each(['connector:*', '*', 'a b', ':a', 'a:', 'a:b:c'])(
    'refuses a plugin with the capability %s',
    async (c) => {
      const refusal = await refusalOf(createPlugin(admin, { id: 'refused', capabilities: [c] }))
      expect(fieldOf(refusal)).toBe('capabilities')
    },
  )

  it('creates missing plugins of a client only with create_plugins, as restricted', async () => {
    expect((await refusalOf(client({ plugins: ['fresh'] }))).code).toBe('unknown_reference')
    await client({ plugins: ['fresh'], create_plugins: true })
    expect(await server.store.findPlugin('fresh')).toMatchObject({
      trust: 'restricted',
      capabilities: [],
    })
  })

  it('leaves an existing plugin of a new client unchanged', async () => {
    await createPlugin(admin, { id: 'known', trust: 'bundled' })
    await client({ plugins: ['known'], create_plugins: true })
    expect(await server.store.findPlugin('known')).toMatchObject({ trust: 'bundled' })
  })
})

describe('change', () => {
  it('replaces the named members and keeps the others', async () => {
    await createPlugin(admin, { id: 'kept', trust: 'trusted', capabilities: ['a', 'b'] })
    await expect(updatePlugin(admin, 'kept', { capabilities: ['c'] })).resolves.toMatchObject({
      name: 'kept',
      trust: 'trusted',
      capabilities: ['c'],
    })
    await createAudience(admin, { id: 'kept', requires_plugin: true, token_ttl: 300 })
    await expect(
      updateAudience(admin, 'kept', { permissions: [{ name: 'a', implies: [] }] }),
    ).resolves.toMatchObject({ requires_plugin: true, token_ttl: 300 })
  })

  it('replaces the grants of an audience, and removes them with no permissions', async () => {
    await createAudience(admin, { id: 'other', permissions: [{ name: 'a', implies: [] }] })
    const { client_id: id } = await createClient(admin, {
      name: 'x',
      grants: [{ audience: 'hook', permissions: ['hook:track', 'hook:govern'] }],
    })
    await grantClient(perform, id, { grants: [{ audience: 'other', permissions: ['a'] }] })
    expect((await showClient(admin, id)).generation).toBe(1)
    await grantClient(perform, id, { grants: [{ audience: 'hook', permissions: [] }] })
    expect(await showClient(admin, id)).toMatchObject({
      generation: 2,
      grants: [{ audience: 'other', permissions: ['a'] }],
    })
  })

  it('leaves one audit event for each outcome', async () => {
    server.events.length = 0
    await createPlugin(admin, { id: 'audited' })
    await refusalOf(createPlugin(admin, { id: 'audited' }))
    await refusalOf(updatePlugin(admin, 'nothing', { name: 'x' }))
    server.fail('createPlugin', new TypeError('unforeseen'))
    await expect(createPlugin(admin, { id: 'unforeseen' })).rejects.toThrow(TypeError)
    server.heal()
    expect(server.events).toEqual([
      { actor: 'test', action: 'plugin.create', target: 'audited', outcome: 'success' },
      {
        actor: 'test',
        action: 'plugin.create',
        target: 'audited',
        outcome: 'refused',
        reason: 'already_exists',
      },
      {
        actor: 'test',
        action: 'plugin.update',
        target: 'nothing',
        outcome: 'refused',
        reason: 'not_found',
      },
      {
        actor: 'test',
        action: 'plugin.create',
        target: 'unforeseen',
        outcome: 'failed',
        reason: 'server_error',
      },
    ])
  })

  it('is not lost when another administrator makes one at the same time', async () => {
    const { client_id: id } = await createClient(admin, { name: 'x' })
    const ids = ['p1', 'p2', 'p3', 'p4']
    for (const plugin of ids) await createPlugin(admin, { id: plugin })
    await Promise.all(ids.map((plugin) => grantClient(perform, id, { plugins: [plugin] })))
    expect((await showClient(admin, id)).plugins).toEqual(ids)
  })
})

describe('secret', () => {
  it('expires previous_expires_in seconds after a new one', async () => {
    const { client_id: id } = await createAdministrator(admin, 'rotating')
    await addSecret(admin, id, { name: 'second', previous_expires_in: 60 })
    server.advance(59)
    expect((await listSecrets(admin, id)).items).toHaveLength(2)
    server.advance(1)
    expect((await listSecrets(admin, id)).items).toMatchObject([
      { name: 'second', expires_at: null },
    ])
  })

  it('keeps an earlier expiry', async () => {
    const { client_id: id } = await createClient(admin, { name: 'x' })
    await addSecret(admin, id, { name: 'short', expires_in: 100 })
    await addSecret(admin, id, { name: 'long', previous_expires_in: 1000 })
    server.advance(100)
    expect((await listSecrets(admin, id)).items.map((secret) => secret.name)).not.toContain('short')
  })

  it('is shown once', async () => {
    const { client_id: id, client_secret: text } = await createClient(admin, { name: 'x' })
    const shown = JSON.stringify([await showClient(admin, id), await listSecrets(admin, id)])
    expect(shown).toContain(text.slice(-4))
    expect(shown).not.toContain(text.slice(4, -4))
  })

  it.each([
    ['previous_expires_in', -1],
    ['previous_expires_in', 7_776_001],
    ['expires_in', 0],
  ])('is refused with %s %d', async (field, seconds) => {
    const { client_id: id } = await createClient(admin, { name: 'x' })
    expect(fieldOf(await refusalOf(addSecret(admin, id, { [field]: seconds })))).toBe(field)
    expect((await listSecrets(admin, id)).items).toHaveLength(1)
  })
})
