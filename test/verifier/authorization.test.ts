// Permissions of a valid token: permission, plugin, run, capability.
import { describe, expect, test } from 'vitest'
import {
  type Requirements,
  anyPlugin,
  noPlugin,
  unsafeIgnorePlugin,
} from '../../src/verifier/token/requirements.ts'
import { CLAIMS, REQUIRED, RUN, forge, startVerifier, tokenWith } from './support.ts'

const { check } = startVerifier()

/** Checks a token with these claims. Requirements that are not given are met. */
const checkWith = (claims: object, required: Partial<Requirements> = {}): Promise<string> =>
  check(tokenWith(claims), { ...REQUIRED, ...required })

describe('required permission', () => {
  test.each<[string, string | null, string]>([
    ['hook:govern', 'hook:govern', 'good'],
    ['hook:track hook:govern', 'hook:govern', 'good'],
    ['  hook:track   hook:govern ', 'hook:govern', 'good'],
    ['', null, 'good'],
    ['hook:governor', 'hook:govern', 'permission_missing'],
    ['xhook:govern', 'hook:govern', 'permission_missing'],
    ['hook:govern:x', 'hook:govern', 'permission_missing'],
    ['hook', 'hook:govern', 'permission_missing'],
    ['hook:*', 'hook:govern', 'permission_missing'],
    ['*', 'hook:govern', 'permission_missing'],
    ['HOOK:GOVERN', 'hook:govern', 'permission_missing'],
    ['hook:track,hook:govern', 'hook:govern', 'permission_missing'],
    ['hook:track\thook:govern', 'hook:govern', 'permission_missing'],
    ['hook:track\u00a0hook:govern', 'hook:govern', 'permission_missing'],
    ['hook:govern\n', 'hook:govern', 'permission_missing'],
    ['full', 'read', 'permission_missing'],
    ['', 'hook:govern', 'permission_missing'],
  ])(
    'is compared with each whole value of the scope: %j for %j gives %s',
    async (scope, permission, code) => {
      expect(await checkWith({ scope }, { permission })).toBe(code)
    },
  )
})

describe('required plugin', () => {
  const NO_PLUGIN = { plugin_id: undefined }

  test.each<[string, object, unknown, string]>([
    ['the plugin of the token', {}, 'acme.sync', 'good'],
    ['another plugin', {}, 'acme.syncs', 'plugin_mismatch'],
    ['a part of the id', {}, 'acme', 'plugin_mismatch'],
    ['another letter case', {}, 'Acme.sync', 'plugin_mismatch'],
    ['a trailing space', {}, 'acme.sync ', 'plugin_mismatch'],
    ['a pattern', {}, '*', 'plugin_mismatch'],
    ['null', {}, null, 'plugin_mismatch'],
    ['undefined', {}, undefined, 'plugin_mismatch'],
    ['an empty text', {}, '', 'plugin_mismatch'],
    ['two ids joined with a comma', {}, 'acme.sync,acme.sync', 'plugin_mismatch'],
    [
      'two ids joined with a comma, in the token too',
      { plugin_id: 'a,b' },
      'a,b',
      'plugin_mismatch',
    ],
    ['a list of one', {}, ['acme.sync'], 'plugin_mismatch'],
    ['a list of several', {}, ['acme.sync', 'other'], 'plugin_mismatch'],
    ['an object', {}, { toString: () => 'acme.sync' }, 'plugin_mismatch'],
    ['another symbol', {}, Symbol('unsafeIgnorePlugin'), 'plugin_mismatch'],
    ['anyPlugin', {}, anyPlugin, 'good'],
    ['unsafeIgnorePlugin', {}, unsafeIgnorePlugin, 'good'],
    ['a plugin for a token without one', NO_PLUGIN, 'acme.sync', 'plugin_missing'],
    ['null for a token without one', NO_PLUGIN, null, 'plugin_missing'],
    ['undefined for a token without one', NO_PLUGIN, undefined, 'plugin_missing'],
    ['anyPlugin for a token without one', NO_PLUGIN, anyPlugin, 'plugin_missing'],
    ['unsafeIgnorePlugin for a token without one', NO_PLUGIN, unsafeIgnorePlugin, 'good'],
    ['anyPlugin for an empty plugin_id', { plugin_id: '' }, anyPlugin, 'plugin_missing'],
    ['an empty text for an empty plugin_id', { plugin_id: '' }, '', 'plugin_missing'],
    ['anyPlugin for the plugin_id null', { plugin_id: null }, anyPlugin, 'plugin_missing'],
    [
      'a plugin for a plugin_id that is a list',
      { plugin_id: ['acme.sync'] },
      'acme.sync',
      'plugin_missing',
    ],
    ['a plugin for a plugin_id that is a number', { plugin_id: 7 }, '7', 'plugin_missing'],
    ['anyPlugin for a plugin_id that is an object', { plugin_id: {} }, anyPlugin, 'plugin_missing'],
  ])('is compared with plugin_id: %s gives %4$s', async (_, claims, plugin, code) => {
    const required = { plugin: plugin as Requirements['plugin'] }
    expect(await checkWith(claims, required)).toBe(code)
  })

  test.each<[string, object, string]>([
    ['no plugin', NO_PLUGIN, 'good'],
    ['a plugin', {}, 'plugin_mismatch'],
    ['an empty plugin_id', { plugin_id: '' }, 'plugin_mismatch'],
    ['the plugin_id null', { plugin_id: null }, 'plugin_mismatch'],
    ['a list as plugin_id', { plugin_id: [] }, 'plugin_mismatch'],
  ])(
    'noPlugin for a token with %s is decided by the options of the verifier',
    async (_, claims, code) => {
      expect(await checkWith(claims, { plugin: noPlugin })).toBe(code)
      // A verifier with plugins: 'none' ignores the plugin that the server put into the token.
      const without = startVerifier({ plugins: 'none' })
      const required = { ...REQUIRED, plugin: noPlugin } as const
      expect(await without.check(tokenWith(claims), required)).toBe('good')
      expect(await without.check(tokenWith({ ...claims, scope: '' }), required)).toBe(
        'permission_missing',
      )
    },
  )

  test.each<[string, unknown]>([
    ['a name', 'acme.sync'],
    ['null', null],
    ['undefined', undefined],
    ['anyPlugin', anyPlugin],
    ['unsafeIgnorePlugin', unsafeIgnorePlugin],
    ['another symbol', Symbol('noPlugin')],
  ])(
    'must be noPlugin for a verifier without plugins: %s throws a TypeError',
    async (_, plugin) => {
      const { verifier } = startVerifier({ plugins: 'none' })
      const required = { ...REQUIRED, plugin } as Requirements
      await expect(verifier.verify(tokenWith(), required)).rejects.toThrow(TypeError)
    },
  )

  test('does not change the check of the capability when it is noPlugin', async () => {
    const { check: checkHere } = startVerifier({ plugins: 'none' })
    const required = { ...REQUIRED, plugin: noPlugin, capability: 'connector:mail' } as const
    expect(await checkHere(tokenWith(), required)).toBe('capability_missing')
    expect(await checkHere(tokenWith(NO_PLUGIN), required)).toBe('capability_missing')
  })

  test('leaves pluginId null for a token without a plugin', async () => {
    const { verifier } = startVerifier()
    const token = await verifier.verify(tokenWith({ plugin_id: '' }), {
      permission: null,
      plugin: unsafeIgnorePlugin,
    })
    expect(token.pluginId).toBeNull()
  })
})

describe('required run', () => {
  const HERE = { endpoint: '/v1/issues', operation: 'create' }

  test.each<[string, unknown, string]>([
    ['endpoint and operation listed', [RUN], 'good'],
    ['any endpoint', [{ ...RUN, locations: '*' }], 'good'],
    ['any operation', [{ ...RUN, actions: '*' }], 'good'],
    [
      'longer lists',
      [{ ...RUN, locations: ['/x', '/v1/issues'], actions: ['x', 'create'] }],
      'good',
    ],
    ['the second of two entries', [{ ...RUN, locations: ['/x'] }, RUN], 'good'],
    ['an entry beside details of another type', [{ type: 'playlist' }, RUN], 'good'],
    ['no details', undefined, 'endpoint_denied'],
    ['an empty list of details', [], 'endpoint_denied'],
    ['details that are no list', RUN, 'endpoint_denied'],
    ['a list in a list', [[RUN]], 'endpoint_denied'],
    ['entries that are no objects', [null, 'tool_run', 1], 'endpoint_denied'],
    ['another type', [{ ...RUN, type: 'tool_runs' }], 'endpoint_denied'],
    ['a list as type', [{ ...RUN, type: ['tool_run'] }], 'endpoint_denied'],
    ['another endpoint', [{ ...RUN, locations: ['/v1/issues/1'] }], 'endpoint_denied'],
    ['a shorter endpoint', [{ ...RUN, locations: ['/v1'] }], 'endpoint_denied'],
    ['a pattern of endpoints', [{ ...RUN, locations: ['/v1/*'] }], 'endpoint_denied'],
    ['* in the list of endpoints', [{ ...RUN, locations: ['*'] }], 'endpoint_denied'],
    ['the endpoint as text', [{ ...RUN, locations: '/v1/issues' }], 'endpoint_denied'],
    ['no endpoints', [{ ...RUN, locations: [] }], 'endpoint_denied'],
    ['endpoints left out', [{ ...RUN, locations: undefined }], 'endpoint_denied'],
    ['endpoints null', [{ ...RUN, locations: null }], 'endpoint_denied'],
    ['endpoints as an object', [{ ...RUN, locations: { '/v1/issues': true } }], 'endpoint_denied'],
    ['endpoints in a list', [{ ...RUN, locations: [['/v1/issues']] }], 'endpoint_denied'],
    [
      'endpoints that are not all names',
      [{ ...RUN, locations: ['/v1/issues', 7] }],
      'endpoint_denied',
    ],
    [
      'operations that are not all names',
      [{ ...RUN, actions: ['create', ''] }],
      'operation_denied',
    ],
    ['another operation', [{ ...RUN, actions: ['delete'] }], 'operation_denied'],
    ['* in the list of operations', [{ ...RUN, actions: ['*'] }], 'operation_denied'],
    ['the operation as text', [{ ...RUN, actions: 'create' }], 'operation_denied'],
    ['operations as text that has it', [{ ...RUN, actions: 'create delete' }], 'operation_denied'],
    ['no operations', [{ ...RUN, actions: [] }], 'operation_denied'],
    ['operations left out', [{ ...RUN, actions: undefined }], 'operation_denied'],
    [
      'neither endpoint nor operation listed',
      [{ ...RUN, locations: ['/x'], actions: ['x'] }],
      'endpoint_denied',
    ],
    [
      'the endpoint in one entry, the operation in another',
      [
        { ...RUN, actions: ['delete'] },
        { ...RUN, locations: ['/x'] },
      ],
      'operation_denied',
    ],
  ])('is compared with endpoint, then operation: %s gives %3$s', async (_, details, code) => {
    expect(await checkWith({ authorization_details: details }, { run: HERE })).toBe(code)
  })

  test('ignores inherited members of the details', async () => {
    const run = JSON.stringify(RUN)
    const entries = [`{"__proto__":${run}}`, `{"type":"tool_run","__proto__":${run}}`]
    for (const entry of entries) {
      const rest = JSON.stringify({ ...CLAIMS, authorization_details: undefined })
      const payload = rest.replace(/\}$/, `,"authorization_details":[${entry}]}`)
      expect(await check(forge({ payload }), { ...REQUIRED, run: HERE })).toBe('endpoint_denied')
    }
  })

  test('is compared as a text when it is an asterisk', async () => {
    const run = { endpoint: '*', operation: 'create' }
    expect(await checkWith({}, { run })).toBe('endpoint_denied')
    expect(await checkWith({}, { run: { ...HERE, operation: '*' } })).toBe('operation_denied')
  })

  test('may be absent, and details are then ignored', async () => {
    expect(await checkWith({ authorization_details: [] })).toBe('good')
  })
})

describe('required capability', () => {
  const plugin = (trust: unknown, capabilities: unknown) => ({
    plugin_trust: trust,
    plugin_capabilities: capabilities,
  })
  const NONE = { plugin_id: undefined }

  test.each<[string, object, Partial<Requirements>, string]>([
    ['the same capability', plugin('restricted', ['connector:slack']), {}, 'good'],
    ['the coarse capability', plugin('restricted', ['x', 'connector']), {}, 'good'],
    [
      'the coarse capability when the coarse one is required',
      plugin('restricted', ['connector']),
      { capability: 'connector' },
      'good',
    ],
    ['a bundled plugin', plugin('bundled', []), {}, 'good'],
    ['a trusted plugin', plugin('trusted', undefined), {}, 'good'],
    ['no capabilities', plugin('restricted', []), {}, 'capability_missing'],
    ['capabilities left out', plugin('restricted', undefined), {}, 'capability_missing'],
    ['another capability', plugin('restricted', ['connector:mail']), {}, 'capability_missing'],
    [
      'the beginning of the capability',
      plugin('restricted', ['connector:sla', 'conn']),
      {},
      'capability_missing',
    ],
    [
      'longer capabilities',
      plugin('restricted', ['connector:slack2', 'connector:slack:x']),
      {},
      'capability_missing',
    ],
    [
      'a pattern',
      plugin('restricted', ['connector:*', '*', 'connector:']),
      {},
      'capability_missing',
    ],
    [
      'another letter case',
      plugin('restricted', ['Connector', 'CONNECTOR:SLACK']),
      {},
      'capability_missing',
    ],
    [
      'a finer capability than required',
      plugin('restricted', ['connector:slack']),
      { capability: 'connector' },
      'capability_missing',
    ],
    ['capabilities as text', plugin('restricted', 'connector:slack'), {}, 'capability_missing'],
    [
      'capabilities as text with the required one',
      plugin('restricted', 'x connector:slack'),
      {},
      'capability_missing',
    ],
    ['a list in a list', plugin('restricted', [['connector:slack']]), {}, 'capability_missing'],
    [
      'capabilities as an object',
      plugin('restricted', { 'connector:slack': true }),
      {},
      'capability_missing',
    ],
    ['trust left out', plugin(undefined, []), {}, 'capability_missing'],
    ['trust in another letter case', plugin('Trusted', []), {}, 'capability_missing'],
    ['trust in a list', plugin(['trusted'], []), {}, 'capability_missing'],
    ['an unknown trust', plugin('root', []), {}, 'capability_missing'],
    ['no plugin', NONE, { plugin: unsafeIgnorePlugin }, 'capability_missing'],
    [
      'no plugin, with trust and capabilities in the token',
      { ...NONE, ...plugin('bundled', ['connector:slack']) },
      { plugin: unsafeIgnorePlugin },
      'capability_missing',
    ],
    ['no plugin, allowed', NONE, { plugin: unsafeIgnorePlugin, withoutPlugin: 'allow' }, 'good'],
    [
      'no plugin, allowed for the capability only',
      NONE,
      { withoutPlugin: 'allow' },
      'plugin_missing',
    ],
    [
      'a plugin without the capability where no plugin is allowed',
      plugin('restricted', []),
      { withoutPlugin: 'allow' },
      'capability_missing',
    ],
    [
      'no plugin, with a wrong value of withoutPlugin',
      NONE,
      { plugin: unsafeIgnorePlugin, withoutPlugin: true as unknown as 'allow' },
      'capability_missing',
    ],
  ])(
    'is compared with the capabilities of the plugin: %s gives %4$s',
    async (_, claims, required, code) => {
      expect(await checkWith(claims, { capability: 'connector:slack', ...required })).toBe(code)
    },
  )

  test('may be absent, and capabilities are then ignored', async () => {
    expect(await checkWith(plugin('restricted', []))).toBe('good')
  })
})

describe('malformed requirements', () => {
  const { verifier, server } = startVerifier()
  const run = { endpoint: '/v1/issues', operation: 'create' }

  test.each<[string, unknown]>([
    ['no requirements', undefined],
    ['null', null],
    ['an empty object', {}],
    ['a string', 'hook:govern'],
    ['no permission', { plugin: 'acme.sync' }],
    ['permission undefined', { ...REQUIRED, permission: undefined }],
    ['permission empty', { ...REQUIRED, permission: '' }],
    ['a list of permissions', { ...REQUIRED, permission: ['hook:govern'] }],
    ['no plugin', { permission: 'hook:govern' }],
    ['run undefined', { ...REQUIRED, run: undefined }],
    ['run null', { ...REQUIRED, run: null }],
    ['run without endpoint', { ...REQUIRED, run: { operation: 'create' } }],
    ['run without operation', { ...REQUIRED, run: { ...run, operation: undefined } }],
    ['run with a list', { ...REQUIRED, run: { ...run, endpoint: ['/v1/issues'] } }],
    ['capability undefined', { ...REQUIRED, capability: undefined }],
    ['capability empty', { ...REQUIRED, capability: '' }],
    ['a list of capabilities', { ...REQUIRED, capability: ['connector:slack'] }],
  ])('throw a TypeError before any request: %s', async (_, required) => {
    for (const bearer of [forge(), 'x', null]) {
      await expect(verifier.verify(bearer, required as Requirements)).rejects.toThrow(TypeError)
    }
    expect(server.asked()).toBe(0)
  })
})
