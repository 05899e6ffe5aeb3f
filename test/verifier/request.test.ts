// Contents of a request: its token, and the plugin that it names.
import { describe, expect, test } from 'vitest'
import {
  type RouteRequirements,
  VerificationError,
  anyPlugin,
  authorizationChallenge,
  bearerOf,
  errorResponse,
  fromHeader,
  fromParam,
  noPlugin,
  single,
  unsafeIgnorePlugin,
} from '../../src/verifier/index.ts'
import { ADAPTERS, askWith, bearer, plugin, request } from './adapters.ts'
import { codeOf, forge, startVerifier, tokenWith } from './support.ts'

describe.each(Object.entries(ADAPTERS))('request through the %s adapter', (_, adapter) => {
  const ask = askWith(adapter)
  const good = forge()
  test.each<[string, string | null]>([
    [`Bearer ${good}`, 'good'],
    [`bearer ${good}`, 'good'],
    [`BEARER ${good}`, 'good'],
    [`bEaReR    ${good}`, 'good'],
    [`  Bearer ${good}  `, 'good'],
    ['', 'token_missing'],
    ['Bearer', 'token_missing'],
    ['Bearer   ', 'token_missing'],
    [good, 'token_missing'],
    [`Bearer${good}`, 'token_missing'],
    [`Bearer\t${good}`, 'token_missing'],
    [`Bearer\u00a0${good}`, 'token_missing'],
    [`Bearer:${good}`, 'token_missing'],
    [`Bearer="${good}"`, 'token_missing'],
    [`Basic ${good}`, 'token_missing'],
    [`DPoP ${good}`, 'token_missing'],
    [`Token ${good}`, 'token_missing'],
    [`X-Bearer ${good}`, 'token_missing'],
    [`Basic x, Bearer ${good}`, 'token_missing'],
    [`Bearer ${good} ${good}`, 'token_malformed'],
    [`Bearer ${good}, Bearer ${good}`, 'token_malformed'],
    [`Bearer ${good},`, 'token_malformed'],
    [`Bearer "${good}"`, 'token_malformed'],
    [`Bearer token=${good}`, 'token_malformed'],
    [`Bearer Bearer ${good}`, 'token_malformed'],
    [`Bearer \t${good}`, 'token_malformed'],
    [`Bearer \u00a0${good}`, 'token_malformed'],
    [`Bearer ${good}\u00a0`, 'token_malformed'],
    [`Bearer ${good}\u00ff`, 'token_malformed'],
  ])('is read with the header %j: %s', async (authorization, code) => {
    const response = await ask(request({ authorization }))
    const said =
      response.status === 200 ? 'good' : ((await response.json()) as { code: string }).code
    expect(said).toBe(code)
  })

  test('is refused with two Authorization headers', async () => {
    const headers = new Headers()
    for (const token of [good, good]) headers.append('authorization', `Bearer ${token}`)
    expect(await (await ask(request(headers))).json()).toMatchObject({ code: 'token_malformed' })
  })

  test('has no token when query and cookie have one', async () => {
    const sent = request({ cookie: `access_token=${good}` }, `/hooks/x?access_token=${good}`)
    expect(await (await ask(sent)).json()).toMatchObject({ code: 'token_missing' })
  })

  const pluginHeader = (...values: string[]) => {
    const headers = new Headers(bearer(good))
    for (const value of values) headers.append('x-plugin', value)
    return headers
  }
  const query = (search: string) => request(bearer(good), `/hooks/x${search}`)
  const path = (part: string) => request(bearer(good), `/hooks/${part}`)

  test.each<[string, RouteRequirements['plugin'], Request, number]>([
    ['query', plugin, query('?plugin_id=acme.sync'), 200],
    [
      'query, beside other parameters',
      plugin,
      query('?a=1&plugin_id=acme%2Esync&PLUGIN_ID=x'),
      200,
    ],
    ['query, missing', plugin, query(''), 403],
    ['query, empty', plugin, query('?plugin_id='), 403],
    ['query, without value', plugin, query('?plugin_id'), 403],
    ['query, repeated', plugin, query('?plugin_id=acme.sync&plugin_id=acme.sync'), 403],
    ['query, repeated, once empty', plugin, query('?plugin_id=acme.sync&plugin_id'), 403],
    ['query, repeated, once escaped', plugin, query('?plugin_id=acme.sync&plugin%5Fid=x'), 403],
    ['query, joined', plugin, query('?plugin_id=acme.sync,x'), 403],
    ['query, joined and escaped', plugin, query('?plugin_id=acme.sync%2Cacme.sync'), 403],
    ['query, as a list', plugin, query('?plugin_id[]=acme.sync'), 403],
    ['query, another letter case', plugin, query('?Plugin_id=acme.sync'), 403],
    ['query, a trailing space', plugin, query('?plugin_id=acme.sync+'), 403],
    ['query, malformed', plugin, query('?plugin_id=%ff%'), 403],
    ['query, inside the fragment', plugin, query('#?plugin_id=acme.sync'), 403],
    ['header', fromHeader('X-Plugin'), request(pluginHeader('acme.sync')), 200],
    ['header, missing', fromHeader('x-plugin'), request(pluginHeader()), 403],
    ['header, empty', fromHeader('x-plugin'), request(pluginHeader('')), 403],
    [
      'header, repeated',
      fromHeader('x-plugin'),
      request(pluginHeader('acme.sync', 'acme.sync')),
      403,
    ],
    [
      'header, repeated, once empty',
      fromHeader('x-plugin'),
      request(pluginHeader('acme.sync', '')),
      403,
    ],
    ['header, joined', fromHeader('x-plugin'), request(pluginHeader('acme.sync,x')), 403],
    ['path', fromParam('plugin_id'), path('acme.sync'), 200],
    ['path, another plugin', fromParam('plugin_id'), path('other?plugin_id=acme.sync'), 403],
    ['path, joined', fromParam('plugin_id'), path('acme.sync,acme.sync'), 403],
    ['path, an unknown parameter', fromParam('toString'), path('acme.sync'), 403],
    ['anyPlugin', anyPlugin, query(''), 200],
    ['noPlugin, for a token with a plugin', noPlugin, query(''), 403],
    ['unsafeIgnorePlugin', unsafeIgnorePlugin, query(''), 200],
  ])('names its plugin by %s and is answered with %4$s', async (_name, from, sent, status) => {
    const response = await ask(sent, { required: { plugin: from } })
    expect(response.status).toBe(status)
    if (status === 403) expect(await response.json()).toMatchObject({ code: 'plugin_mismatch' })
  })
})

describe('bearerOf', () => {
  test.each<[unknown, string | null]>([
    ['Bearer x.y.z', 'x.y.z'],
    ['bearer x.y.z', 'x.y.z'],
    ['BEARER   x.y.z', 'x.y.z'],
    [['Bearer x.y.z'], 'x.y.z'],
    ['', null],
    ['Bearer', null],
    ['Bearer ', null],
    ['Bearer    ', null],
    ['Bearer\tx', null],
    ['\nBearer x', null],
    [' Bearer x', null],
    ['Basic eDp5', null],
    ['Basic eDp5, Bearer x', null],
    ['Bearerx', null],
    [undefined, null],
    [null, null],
    [[], null],
    [[''], null],
    [['', 'Bearer x'], null],
    [['Basic eDp5', 'Bearer x'], null],
    [{ toString: () => 'Bearer x' }, null],
    [7, null],
  ])('reads %j as %j', (authorization, token) => {
    expect(bearerOf(authorization as string)).toBe(token)
  })

  const good = forge()
  test.each<[string, string | string[]]>([
    ['two headers', [`Bearer ${good}`, `Bearer ${good}`]],
    ['two headers, one of them empty', [`Bearer ${good}`, '']],
    ['two headers, joined', `Bearer ${good}, Bearer ${good}`],
    ['a trailing space', `Bearer ${good} `],
    ['a tab before the token', `Bearer \t${good}`],
    ...['\0', '\r', '\n', '\r\nx: y', '\u007f', '\u0085', '\u2028', '\ufeff'].map(
      (text): [string, string] => [
        `a control character: ${JSON.stringify(text)}`,
        `Bearer ${good}${text}`,
      ],
    ),
    ['a control character alone', 'Bearer \0'],
  ])('yields a malformed token for %s', async (_, authorization) => {
    const { check } = startVerifier()
    expect(await check(bearerOf(`Bearer ${good}`))).toBe('good')
    expect(await check(bearerOf(authorization))).toBe('token_malformed')
  })
})

describe('errorResponse', () => {
  test.each([
    'token_missing',
    'token_expired',
    'permission_missing',
    'keys_unavailable',
    'revocations_stale',
  ] as const)('equals authorizationChallenge for %s', async (code) => {
    const error = new VerificationError(code)
    const options = { resourceMetadata: 'https://api.example/.well-known/x' }
    const response = errorResponse(error, 'hook:govern', options)
    const { status, headers, body } = authorizationChallenge(error, 'hook:govern', options)
    expect([response.status, await response.json()]).toEqual([status, body])
    expect(new Headers(response.headers)).toEqual(new Headers(headers))
  })

  test('answers 401 with a challenge, 403 with the permission and 503 with Retry-After in a plain server', async () => {
    const started = startVerifier()
    const handle = async (asked: Request): Promise<Response> => {
      try {
        const token = await started.verifier.verify(bearerOf(asked.headers.get('authorization')), {
          permission: 'hook:govern',
          plugin: single(asked.url, 'plugin_id'),
        })
        return Response.json({ governed: token.pluginId })
      } catch (error) {
        return errorResponse(error, 'hook:govern')
      }
    }
    const said = async (headers: Record<string, string>) => {
      const response = await handle(request(headers))
      const text = await response.text()
      const told = ['www-authenticate', 'retry-after'].map((name) => response.headers.get(name))
      return [response.status, (JSON.parse(text) as { code?: string }).code, ...told]
    }
    started.server.answer = () => new Response(null, { status: 500 })
    const unavailable = await said(bearer(forge()))
    expect(unavailable).toEqual([503, 'keys_unavailable', null, '5'])
    started.pass(60)
    started.server.answer = startVerifier().server.answer
    expect(await said(bearer(forge()))).toEqual([200, undefined, null, null])
    expect(await said({})).toEqual([401, 'token_missing', 'Bearer', null])
    expect(await said(bearer('x'))).toEqual([
      401,
      'token_malformed',
      expect.stringContaining('invalid_token'),
      null,
    ])
    const other = await said(bearer(tokenWith({ scope: 'hook:track' })))
    const scope = expect.stringContaining('scope="hook:govern"') as unknown
    expect(other).toEqual([403, 'permission_missing', scope, null])
  })

  test.each([
    new Error('bug'),
    new TypeError('bug'),
    undefined,
    null,
    'token_missing',
    { status: 401 },
  ])('rethrows an error that is no refusal: %s', (error) => {
    const caught = [] as unknown[]
    try {
      errorResponse(error)
    } catch (thrown) {
      caught.push(thrown)
    }
    expect(caught).toEqual([error])
  })

  test('refuses a malformed scope', () => {
    const error = new VerificationError('permission_missing')
    expect(() => errorResponse(error, 'a", x="b')).toThrow(TypeError)
  })
})

test.each<[object, object]>([
  [{}, { workspaceId: 'default', jti: 'jti-1' }],
  [
    { workspace_id: 'acme', jti: 'j2' },
    { workspaceId: 'acme', jti: 'j2' },
  ],
  [{ workspace_id: undefined }, { workspaceId: null }],
  [{ workspace_id: '' }, { workspaceId: null }],
  [{ workspace_id: 7 }, { workspaceId: null }],
  [{ workspace_id: ['acme'] }, { workspaceId: null }],
])(
  'verified token has workspaceId and jti from the claims %j: case %#',
  async (claims, expected) => {
    const { verifier } = startVerifier()
    const token = await verifier.verify(tokenWith(claims), { permission: null, plugin: anyPlugin })
    expect(token).toMatchObject(expected)
    expect(await codeOf(Promise.resolve(token))).toBe('good')
  },
)

describe('single', () => {
  test.each<[string | URL, string | null]>([
    [new URL('https://x.example/?p=a'), 'a'],
    ['/path?p=a', 'a'],
    ['?p=a', 'a'],
    ['/path?p=a#p=b', 'a'],
    ['/path??p=a', null],
    ['/path?q=1?p=a', null],
    ['/path?&&p=a&', 'a'],
    ['/path?p=a%26p=b', 'a&p=b'],
    ['/path?p=a;p=b', 'a;p=b'],
    ['/path?p=a&p=b', null],
    ['/path?p=', null],
    ['/path#?p=a', null],
    ['/path', null],
    ['p=a', null],
    ['', null],
  ])('reads %s as %s', (url, value) => expect(single(url, 'p')).toBe(value))
})

test.each([undefined, null, ''])(
  'plugin finder returns null for a header or path parameter with the value %j',
  (value) => {
    const source = { url: '/', header: () => value, param: () => value ?? undefined }
    expect([fromHeader('x')(source), fromParam('x')(source)]).toEqual([null, null])
  },
)
