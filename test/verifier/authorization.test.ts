// What a good token allows: permission, plugin, run, capability.
import { describe, expect, test } from 'vitest'
import {
  type Requirements,
  anyPlugin,
  noPlugin,
  unsafeIgnorePlugin,
} from '../../src/verifier/token/requirements.ts'
import { CLAIMS, REQUIRED, RUN, forge, startVerifier, tokenWith } from './support.ts'

const { check } = startVerifier()

/** Checks a token with these claims; requirements that are not named are met. */
const checkWith = (claims: object, required: Partial<Requirements> = {}): Promise<string> =>
  check(tokenWith(claims), { ...REQUIRED, ...required })

describe('permission: values of the scope, compared whole', () => {
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
  ])('%j for %j: %s', async (scope, permission, code) => {
    expect(await checkWith({ scope }, { permission })).toBe(code)
  })
})

describe('plugin', () => {
  const NO_PLUGIN = { plugin_id: undefined }

  test.each<[string, object, unknown, string]>([
    ['the same', {}, 'acme.sync', 'good'],
    ['another', {}, 'acme.syncs', 'plugin_mismatch'],
    ['a part of it', {}, 'acme', 'plugin_mismatch'],
    ['in another case', {}, 'Acme.sync', 'plugin_mismatch'],
    ['with a space', {}, 'acme.sync ', 'plugin_mismatch'],
    ['a pattern', {}, '*', 'plugin_mismatch'],
    ['not named', {}, null, 'plugin_mismatch'],
    ['not named, as a parser says it', {}, undefined, 'plugin_mismatch'],
    ['empty', {}, '', 'plugin_mismatch'],
    ['joined with a comma', {}, 'acme.sync,acme.sync', 'plugin_mismatch'],
    ['joined, the token too', { plugin_id: 'a,b' }, 'a,b', 'plugin_mismatch'],
    ['a list of one', {}, ['acme.sync'], 'plugin_mismatch'],
    ['a list of several', {}, ['acme.sync', 'other'], 'plugin_mismatch'],
    ['an object', {}, { toString: () => 'acme.sync' }, 'plugin_mismatch'],
    ['another symbol', {}, Symbol('unsafeIgnorePlugin'), 'plugin_mismatch'],
    ['any', {}, anyPlugin, 'good'],
    ['ignored', {}, unsafeIgnorePlugin, 'good'],
    ['named, the token names none', NO_PLUGIN, 'acme.sync', 'plugin_missing'],
    ['neither names one', NO_PLUGIN, null, 'plugin_missing'],
    ['both undefined', NO_PLUGIN, undefined, 'plugin_missing'],
    ['any, the token names none', NO_PLUGIN, anyPlugin, 'plugin_missing'],
    ['ignored, the token names none', NO_PLUGIN, unsafeIgnorePlugin, 'good'],
    ['any, the token’s is empty', { plugin_id: '' }, anyPlugin, 'plugin_missing'],
    ['both empty', { plugin_id: '' }, '', 'plugin_missing'],
    ['the token’s is null', { plugin_id: null }, anyPlugin, 'plugin_missing'],
    ['the token’s is a list', { plugin_id: ['acme.sync'] }, 'acme.sync', 'plugin_missing'],
    ['the token’s is a number', { plugin_id: 7 }, '7', 'plugin_missing'],
    ['the token’s is an object', { plugin_id: {} }, anyPlugin, 'plugin_missing'],
  ])('%s', async (_, claims, plugin, code) => {
    const required = { plugin: plugin as Requirements['plugin'] }
    expect(await checkWith(claims, required)).toBe(code)
  })

  test.each<[string, object, string]>([
    ['none', NO_PLUGIN, 'good'],
    ['one', {}, 'plugin_mismatch'],
    ['an empty one', { plugin_id: '' }, 'plugin_mismatch'],
    ['null', { plugin_id: null }, 'plugin_mismatch'],
    ['a list', { plugin_id: [] }, 'plugin_mismatch'],
  ])('noPlugin, and the token names %s', async (_, claims, code) => {
    expect(await checkWith(claims, { plugin: noPlugin })).toBe(code)
    // The audience has none: what the server put into the token is not looked at.
    const without = startVerifier({ plugins: 'none' })
    const required = { ...REQUIRED, plugin: noPlugin } as const
    expect(await without.check(tokenWith(claims), required)).toBe('good')
    expect(await without.check(tokenWith({ ...claims, scope: '' }), required)).toBe(
      'permission_missing',
    )
  })

  test.each<[string, unknown]>([
    ['a name', 'acme.sync'],
    ['null', null],
    ['undefined', undefined],
    ['anyPlugin', anyPlugin],
    ['unsafeIgnorePlugin', unsafeIgnorePlugin],
    ['another symbol', Symbol('noPlugin')],
  ])('a verifier of an audience without plugins takes no other word: %s', async (_, plugin) => {
    const { verifier } = startVerifier({ plugins: 'none' })
    const required = { ...REQUIRED, plugin } as Requirements
    await expect(verifier.verify(tokenWith(), required)).rejects.toThrow(TypeError)
  })

  test('the capability gate is no other without plugins', async () => {
    const { check: checkHere } = startVerifier({ plugins: 'none' })
    const required = { ...REQUIRED, plugin: noPlugin, capability: 'connector:mail' } as const
    expect(await checkHere(tokenWith(), required)).toBe('capability_missing')
    expect(await checkHere(tokenWith(NO_PLUGIN), required)).toBe('capability_missing')
  })

  test('the verified token says null where there is none', async () => {
    const { verifier } = startVerifier()
    const token = await verifier.verify(tokenWith({ plugin_id: '' }), {
      permission: null,
      plugin: unsafeIgnorePlugin,
    })
    expect(token.pluginId).toBeNull()
  })
})

describe('run: endpoint, then operation', () => {
  const HERE = { endpoint: '/v1/issues', operation: 'create' }

  test.each<[string, unknown, string]>([
    ['both named', [RUN], 'good'],
    ['any endpoint', [{ ...RUN, locations: '*' }], 'good'],
    ['any operation', [{ ...RUN, actions: '*' }], 'good'],
    [
      'a list of more',
      [{ ...RUN, locations: ['/x', '/v1/issues'], actions: ['x', 'create'] }],
      'good',
    ],
    ['the second of two', [{ ...RUN, locations: ['/x'] }, RUN], 'good'],
    ['beside details of another type', [{ type: 'playlist' }, RUN], 'good'],
    ['no details', undefined, 'endpoint_denied'],
    ['an empty list', [], 'endpoint_denied'],
    ['one that is no list', RUN, 'endpoint_denied'],
    ['a list in a list', [[RUN]], 'endpoint_denied'],
    ['nothing in the list', [null, 'tool_run', 1], 'endpoint_denied'],
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
    ['neither', [{ ...RUN, locations: ['/x'], actions: ['x'] }], 'endpoint_denied'],
    [
      'the endpoint in one, the operation in another',
      [
        { ...RUN, actions: ['delete'] },
        { ...RUN, locations: ['/x'] },
      ],
      'operation_denied',
    ],
  ])('%s: %3$s', async (_, details, code) => {
    expect(await checkWith({ authorization_details: details }, { run: HERE })).toBe(code)
  })

  test('members that are inherited are none', async () => {
    const run = JSON.stringify(RUN)
    const entries = [`{"__proto__":${run}}`, `{"type":"tool_run","__proto__":${run}}`]
    for (const entry of entries) {
      const rest = JSON.stringify({ ...CLAIMS, authorization_details: undefined })
      const payload = rest.replace(/\}$/, `,"authorization_details":[${entry}]}`)
      expect(await check(forge({ payload }), { ...REQUIRED, run: HERE })).toBe('endpoint_denied')
    }
  })

  test('what is compared is what the token says, not a pattern of the route', async () => {
    const run = { endpoint: '*', operation: 'create' }
    expect(await checkWith({}, { run })).toBe('endpoint_denied')
    expect(await checkWith({}, { run: { ...HERE, operation: '*' } })).toBe('operation_denied')
  })

  test('details are not looked at where no run is required', async () => {
    expect(await checkWith({ authorization_details: [] })).toBe('good')
  })
})

describe('capability', () => {
  const plugin = (trust: unknown, capabilities: unknown) => ({
    plugin_trust: trust,
    plugin_capabilities: capabilities,
  })
  const NONE = { plugin_id: undefined }

  test.each<[string, object, Partial<Requirements>, string]>([
    ['exactly', plugin('restricted', ['connector:slack']), {}, 'good'],
    ['coarsely', plugin('restricted', ['x', 'connector']), {}, 'good'],
    [
      'coarse where coarse is needed',
      plugin('restricted', ['connector']),
      { capability: 'connector' },
      'good',
    ],
    ['bundled', plugin('bundled', []), {}, 'good'],
    ['trusted', plugin('trusted', undefined), {}, 'good'],
    ['none', plugin('restricted', []), {}, 'capability_missing'],
    ['left out', plugin('restricted', undefined), {}, 'capability_missing'],
    ['another', plugin('restricted', ['connector:mail']), {}, 'capability_missing'],
    [
      'the beginning of it',
      plugin('restricted', ['connector:sla', 'conn']),
      {},
      'capability_missing',
    ],
    [
      'more than it',
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
      'in another case',
      plugin('restricted', ['Connector', 'CONNECTOR:SLACK']),
      {},
      'capability_missing',
    ],
    [
      'finer than needed',
      plugin('restricted', ['connector:slack']),
      { capability: 'connector' },
      'capability_missing',
    ],
    ['text', plugin('restricted', 'connector:slack'), {}, 'capability_missing'],
    ['text that has it', plugin('restricted', 'x connector:slack'), {}, 'capability_missing'],
    ['a list in a list', plugin('restricted', [['connector:slack']]), {}, 'capability_missing'],
    ['an object', plugin('restricted', { 'connector:slack': true }), {}, 'capability_missing'],
    ['trust left out', plugin(undefined, []), {}, 'capability_missing'],
    ['trust of another case', plugin('Trusted', []), {}, 'capability_missing'],
    ['trust in a list', plugin(['trusted'], []), {}, 'capability_missing'],
    ['trust that nobody knows', plugin('root', []), {}, 'capability_missing'],
    ['no plugin', NONE, { plugin: unsafeIgnorePlugin }, 'capability_missing'],
    [
      'no plugin, whatever the token says of it',
      { ...NONE, ...plugin('bundled', ['connector:slack']) },
      { plugin: unsafeIgnorePlugin },
      'capability_missing',
    ],
    ['no plugin, allowed', NONE, { plugin: unsafeIgnorePlugin, withoutPlugin: 'allow' }, 'good'],
    ['no plugin, allowed for the gate only', NONE, { withoutPlugin: 'allow' }, 'plugin_missing'],
    [
      'a plugin where none is allowed',
      plugin('restricted', []),
      { withoutPlugin: 'allow' },
      'capability_missing',
    ],
    [
      'allowed in another way',
      NONE,
      { plugin: unsafeIgnorePlugin, withoutPlugin: true as unknown as 'allow' },
      'capability_missing',
    ],
  ])('%s: %4$s', async (_, claims, required, code) => {
    expect(await checkWith(claims, { capability: 'connector:slack', ...required })).toBe(code)
  })

  test('is not looked at where none is required', async () => {
    expect(await checkWith(plugin('restricted', []))).toBe('good')
  })
})

describe('what must be said is missed at run time, too', () => {
  const { verifier, server } = startVerifier()
  const run = { endpoint: '/v1/issues', operation: 'create' }

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an empty object', {}],
    ['a string', 'hook:govern'],
    ['no permission', { plugin: 'acme.sync' }],
    ['permission undefined', { ...REQUIRED, permission: undefined }],
    ['permission empty', { ...REQUIRED, permission: '' }],
    ['permissions', { ...REQUIRED, permission: ['hook:govern'] }],
    ['no plugin', { permission: 'hook:govern' }],
    ['run undefined', { ...REQUIRED, run: undefined }],
    ['run null', { ...REQUIRED, run: null }],
    ['run without endpoint', { ...REQUIRED, run: { operation: 'create' } }],
    ['run without operation', { ...REQUIRED, run: { ...run, operation: undefined } }],
    ['run with a list', { ...REQUIRED, run: { ...run, endpoint: ['/v1/issues'] } }],
    ['capability undefined', { ...REQUIRED, capability: undefined }],
    ['capability empty', { ...REQUIRED, capability: '' }],
    ['capabilities', { ...REQUIRED, capability: ['connector:slack'] }],
  ])('%s', async (_, required) => {
    for (const bearer of [forge(), 'x', null]) {
      await expect(verifier.verify(bearer, required as Requirements)).rejects.toThrow(TypeError)
    }
    expect(server.asked()).toBe(0)
  })
})
