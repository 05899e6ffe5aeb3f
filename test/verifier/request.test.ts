// What a request carries: its token, and the plugin that it names.
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

describe.each(Object.entries(ADAPTERS))('%s', (_, adapter) => {
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
  ])('Authorization: %j', async (authorization, code) => {
    const response = await ask(request({ authorization }))
    const said =
      response.status === 200 ? 'good' : ((await response.json()) as { code: string }).code
    expect(said).toBe(code)
  })

  test('two Authorization headers are no token', async () => {
    const headers = new Headers()
    for (const token of [good, good]) headers.append('authorization', `Bearer ${token}`)
    expect(await (await ask(request(headers))).json()).toMatchObject({ code: 'token_malformed' })
  })

  test('a token elsewhere is none', async () => {
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
    ['query, among others', plugin, query('?a=1&plugin_id=acme%2Esync&PLUGIN_ID=x'), 200],
    ['query, missing', plugin, query(''), 403],
    ['query, empty', plugin, query('?plugin_id='), 403],
    ['query, without value', plugin, query('?plugin_id'), 403],
    ['query, twice', plugin, query('?plugin_id=acme.sync&plugin_id=acme.sync'), 403],
    ['query, twice, once empty', plugin, query('?plugin_id=acme.sync&plugin_id'), 403],
    ['query, twice, once escaped', plugin, query('?plugin_id=acme.sync&plugin%5Fid=x'), 403],
    ['query, joined', plugin, query('?plugin_id=acme.sync,x'), 403],
    ['query, joined and escaped', plugin, query('?plugin_id=acme.sync%2Cacme.sync'), 403],
    ['query, as a list', plugin, query('?plugin_id[]=acme.sync'), 403],
    ['query, in another case', plugin, query('?Plugin_id=acme.sync'), 403],
    ['query, with a space', plugin, query('?plugin_id=acme.sync+'), 403],
    ['query, broken', plugin, query('?plugin_id=%ff%'), 403],
    ['query, in the fragment', plugin, query('#?plugin_id=acme.sync'), 403],
    ['header', fromHeader('X-Plugin'), request(pluginHeader('acme.sync')), 200],
    ['header, missing', fromHeader('x-plugin'), request(pluginHeader()), 403],
    ['header, empty', fromHeader('x-plugin'), request(pluginHeader('')), 403],
    ['header, twice', fromHeader('x-plugin'), request(pluginHeader('acme.sync', 'acme.sync')), 403],
    [
      'header, twice, once empty',
      fromHeader('x-plugin'),
      request(pluginHeader('acme.sync', '')),
      403,
    ],
    ['header, joined', fromHeader('x-plugin'), request(pluginHeader('acme.sync,x')), 403],
    ['path', fromParam('plugin_id'), path('acme.sync'), 200],
    ['path, another', fromParam('plugin_id'), path('other?plugin_id=acme.sync'), 403],
    ['path, joined', fromParam('plugin_id'), path('acme.sync,acme.sync'), 403],
    ['path, a name that it lacks', fromParam('toString'), path('acme.sync'), 403],
    ['any', anyPlugin, query(''), 200],
    ['no plugin, and the token names one', noPlugin, query(''), 403],
    ['ignored', unsafeIgnorePlugin, query(''), 200],
  ])('plugin from %s', async (_name, from, sent, status) => {
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
  ])('%j: %j', (authorization, token) => {
    expect(bearerOf(authorization as string)).toBe(token)
  })

  const good = forge()
  test.each<[string, string | string[]]>([
    ['two headers', [`Bearer ${good}`, `Bearer ${good}`]],
    ['two headers, one empty', [`Bearer ${good}`, '']],
    ['two headers, joined', `Bearer ${good}, Bearer ${good}`],
    ['a space behind', `Bearer ${good} `],
    ['a tab before', `Bearer \t${good}`],
    ...['\0', '\r', '\n', '\r\nx: y', '\u007f', '\u0085', '\u2028', '\ufeff'].map(
      (text): [string, string] => [
        `a control character: ${JSON.stringify(text)}`,
        `Bearer ${good}${text}`,
      ],
    ),
    ['only a control character', 'Bearer \0'],
  ])('what is not the token alone is no token: %s', async (_, authorization) => {
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
  ] as const)('%s: what authorizationChallenge says', async (code) => {
    const error = new VerificationError(code)
    const options = { resourceMetadata: 'https://api.example/.well-known/x' }
    const response = errorResponse(error, 'hook:govern', options)
    const { status, headers, body } = authorizationChallenge(error, 'hook:govern', options)
    expect([response.status, await response.json()]).toEqual([status, body])
    expect(new Headers(response.headers)).toEqual(new Headers(headers))
  })

  test('a hand-written server: 401 with a challenge, 403 with the permission, 503 with Retry-After', async () => {
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
  ])('what is no refusal is thrown on: %s', (error) => {
    const caught = [] as unknown[]
    try {
      errorResponse(error)
    } catch (thrown) {
      caught.push(thrown)
    }
    expect(caught).toEqual([error])
  })

  test('a scope that is none is refused', () => {
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
])('a verified token has its workspace and its id: %j', async (claims, expected) => {
  const { verifier } = startVerifier()
  const token = await verifier.verify(tokenWith(claims), { permission: null, plugin: anyPlugin })
  expect(token).toMatchObject(expected)
  expect(await codeOf(Promise.resolve(token))).toBe('good')
})

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
  ])('%s: %s', (url, value) => expect(single(url, 'p')).toBe(value))
})

test.each([undefined, null, ''])(
  'a header or part of the path that is %j names nothing',
  (value) => {
    const source = { url: '/', header: () => value, param: () => value ?? undefined }
    expect([fromHeader('x')(source), fromParam('x')(source)]).toEqual([null, null])
  },
)
