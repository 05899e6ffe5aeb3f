import { describe, expect, it } from 'vitest'
import { createAudience, updateAudience } from '../../src/admin/audiences.ts'
import { createAdministrator } from '../../src/admin/administrators.ts'
import { createClient, showClient } from '../../src/admin/clients.ts'
import { grantClient } from '../../src/admin/grants.ts'
import { createPlugin, updatePlugin } from '../../src/admin/plugins.ts'
import { addSecret, listSecrets } from '../../src/admin/secrets.ts'
import { createWorkspace } from '../../src/admin/workspaces.ts'
import { OperationRefused } from '../../src/errors.ts'
import { adminOf } from '../support/admin.ts'
import { startServer } from '../support/server.ts'

const server = await startServer()
const admin = adminOf(server)

/** The refusal of an operation, which must be one. */
const refusalOf = async (operation: Promise<unknown>): Promise<OperationRefused> => {
  const outcome = await operation.then(
    () => null,
    (error: unknown) => error,
  )
  expect(outcome).toBeInstanceOf(OperationRefused)
  return outcome as OperationRefused
}

/** Its first bad field, without places in lists. */
const fieldOf = ({ errors }: OperationRefused): string | undefined =>
  errors[0]?.field.replace(/\.\d+/g, '')

const LONG_ID = 'a'.repeat(129)

describe('ids', () => {
  it.each(['a', 'A9', 'a.b_c:d/e~f-g', '0', 'a'.repeat(128)])('takes the plugin %s', async (id) => {
    await expect(createPlugin(admin, { id })).resolves.toMatchObject({ id })
  })

  it.each(['', ' a', '-a', '.a', '~a', 'a b', 'a,b', 'a*', 'ä', 'a\n', 'a\0', LONG_ID])(
    'refuses the plugin %j',
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
  ])('takes the audience %s', async (id) => {
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
  ])('refuses the audience %s', async (id) => {
    expect(await refusalOf(createAudience(admin, { id }))).toMatchObject({
      errors: [{ field: 'id' }],
    })
  })

  it('gives an id once', async () => {
    await createWorkspace(admin, { id: 'once' })
    expect((await refusalOf(createWorkspace(admin, { id: 'once' }))).code).toBe('already_exists')
    await createPlugin(admin, { id: 'once' })
    expect((await refusalOf(createPlugin(admin, { id: 'once' }))).code).toBe('already_exists')
  })
})

describe('permissions', () => {
  const permission = (name: string, ...implies: string[]) => ({ name, implies })

  it.each([
    ['a comma', [permission('a,b')]],
    ['a space', [permission('a b')]],
    ['a quote', [permission('a"b')]],
    ['nothing', [permission('')]],
    ['129 characters', [permission(LONG_ID)]],
    ['the same twice', [permission('a'), permission('a')]],
    ['one that implies an unknown one', [permission('a', 'b')]],
    ['one that implies itself', [permission('a', 'a')]],
    ['a circle of two', [permission('a', 'b'), permission('b', 'a')]],
    [
      'a circle behind a tail',
      [permission('t', 'a'), permission('a', 'b'), permission('b', 'c'), permission('c', 'a')],
    ],
  ])('refuses %s', async (_, permissions) => {
    const refusal = await refusalOf(createAudience(admin, { id: 'refused', permissions }))
    expect(refusal.code).toBe('invalid_value')
    expect(fieldOf(refusal)).toMatch(/^permissions/)
    expect(await server.store.findAudience('refused')).toBeNull()
  })

  it('takes a diamond', async () => {
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

  it('refuses an algorithm that the server has no key for', async () => {
    const refusal = await refusalOf(createAudience(admin, { id: 'refused', algorithm: 'ES256' }))
    expect(fieldOf(refusal)).toBe('algorithm')
  })
})

describe('fields', () => {
  const client = (fields: Record<string, unknown>) =>
    createClient(admin, { name: 'x', ...fields } as Parameters<typeof createClient>[1])

  it.each([
    ['name', ''],
    ['name', ' '],
    ['name', 'a\u0007b'],
    ['name', 'a'.repeat(201)],
    ['token_ttl', 59],
    ['token_ttl', 86_401],
    ['token_ttl', 60.5],
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
  ])('refuses a client with %s %j, and makes none', async (field, value) => {
    const before = await server.store.listClients()
    expect(fieldOf(await refusalOf(client({ [field]: value })))).toBe(field)
    expect(await server.store.listClients()).toEqual(before)
  })

  it('refuses members that it does not know', async () => {
    expect((await refusalOf(client({ generation: 7 }))).code).toBe('invalid_value')
  })

  it.each(['connector:*', '*', 'a b', ':a', 'a:', 'a:b:c'])(
    'refuses the capability %s',
    async (c) => {
      const refusal = await refusalOf(createPlugin(admin, { id: 'refused', capabilities: [c] }))
      expect(fieldOf(refusal)).toBe('capabilities')
    },
  )

  it('makes missing plugins only when told to, and restricted', async () => {
    expect((await refusalOf(client({ plugins: ['fresh'] }))).code).toBe('unknown_reference')
    await client({ plugins: ['fresh'], create_plugins: true })
    expect(await server.store.findPlugin('fresh')).toMatchObject({
      trust: 'restricted',
      capabilities: [],
    })
  })

  it('does not touch a plugin that is there', async () => {
    await createPlugin(admin, { id: 'known', trust: 'bundled' })
    await client({ plugins: ['known'], create_plugins: true })
    expect(await server.store.findPlugin('known')).toMatchObject({ trust: 'bundled' })
  })
})

describe('changes', () => {
  it('keeps what is not named and replaces what is', async () => {
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

  it('grants by audience, and takes one away with no permissions', async () => {
    await createAudience(admin, { id: 'other', permissions: [{ name: 'a', implies: [] }] })
    const { client_id: id } = await createClient(admin, {
      name: 'x',
      grants: [{ audience: 'hook', permissions: ['hook:track', 'hook:govern'] }],
    })
    await grantClient(admin, id, { grants: [{ audience: 'other', permissions: ['a'] }] })
    expect((await showClient(admin, id)).generation).toBe(1)
    await grantClient(admin, id, { grants: [{ audience: 'hook', permissions: [] }] })
    expect(await showClient(admin, id)).toMatchObject({
      generation: 2,
      grants: [{ audience: 'other', permissions: ['a'] }],
    })
  })

  it('writes one audit event for each, whichever way it ends', async () => {
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

  it('does not lose a change that another administrator makes at the same time', async () => {
    const { client_id: id } = await createClient(admin, { name: 'x' })
    const ids = ['p1', 'p2', 'p3', 'p4']
    for (const plugin of ids) await createPlugin(admin, { id: plugin })
    await Promise.all(ids.map((plugin) => grantClient(admin, id, { plugins: [plugin] })))
    expect((await showClient(admin, id)).plugins).toEqual(ids)
  })
})

describe('secrets', () => {
  it('lets the older ones end when told, not before', async () => {
    const { client_id: id } = await createAdministrator(admin, 'rotating')
    await addSecret(admin, id, { name: 'second', previous_expires_in: 60 })
    server.advance(59)
    expect((await listSecrets(admin, id)).items).toHaveLength(2)
    server.advance(1)
    expect((await listSecrets(admin, id)).items).toMatchObject([
      { name: 'second', expires_at: null },
    ])
  })

  it('keeps an earlier end', async () => {
    const { client_id: id } = await createClient(admin, { name: 'x' })
    await addSecret(admin, id, { name: 'short', expires_in: 100 })
    await addSecret(admin, id, { name: 'long', previous_expires_in: 1000 })
    server.advance(100)
    expect((await listSecrets(admin, id)).items.map((secret) => secret.name)).not.toContain('short')
  })

  it('never shows a secret again', async () => {
    const { client_id: id, client_secret: text } = await createClient(admin, { name: 'x' })
    const shown = JSON.stringify([await showClient(admin, id), await listSecrets(admin, id)])
    expect(shown).toContain(text.slice(-4))
    expect(shown).not.toContain(text.slice(4, -4))
  })

  it.each([
    ['previous_expires_in', -1],
    ['previous_expires_in', 7_776_001],
    ['expires_in', 0],
  ])('refuses %s %d', async (field, seconds) => {
    const { client_id: id } = await createClient(admin, { name: 'x' })
    expect(fieldOf(await refusalOf(addSecret(admin, id, { [field]: seconds })))).toBe(field)
    expect((await listSecrets(admin, id)).items).toHaveLength(1)
  })
})
