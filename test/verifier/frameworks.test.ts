// Express and Fastify: routers, errors that reach the error handler, and requests that no Fetch
// client sends.
import { setTimeout } from 'node:timers/promises'
import express, { type Express } from 'express'
import type { FastifyInstance } from 'fastify'
import { describe, expect, test, vi } from 'vitest'
import { expressAdapter, tokenOf } from '../../src/verifier/adapters/express.ts'
import { fastifyAdapter } from '../../src/verifier/adapters/fastify.ts'
import { type NodeRequest, nodeRequestSource } from '../../src/verifier/adapters/node-request.ts'
import {
  type RouteRequirements,
  VerificationError,
  anyPlugin,
  fromHeader,
  fromParam,
} from '../../src/verifier/index.ts'
import { PERMISSION, plugin } from './adapters.ts'
import { EXPRESS, type Written, onExpress, onFastify } from './frameworks.ts'
import { forge, startVerifier, tokenWith } from './support.ts'

const GOOD = ['authorization', `Bearer ${forge()}`]
const { verifier } = startVerifier()

/** Returns the code of a refusal, or the text of the answer. */
const saidBy = async (response: Response): Promise<string> => {
  const text = await response.text()
  return text.startsWith('{') ? (JSON.parse(text) as { code: string }).code : text
}

const withExpress = expressAdapter(verifier)
const withFastify = fastifyAdapter(verifier)

const expressRoute =
  (create: typeof express) =>
  (required: RouteRequirements, sent: Written, prepare?: (app: Express) => void) =>
    onExpress(
      (app) => {
        prepare?.(app)
        app.post('/hooks/:plugin_id', withExpress(PERMISSION, required), (req, res) => {
          res.send(`passed ${tokenOf(req).clientId}`)
        })
        app.use(((error: Error, _req, res, _next) => {
          res.status(500).send(`error ${error.name}`)
        }) satisfies express.ErrorRequestHandler)
      },
      sent,
      create,
    )

/**
 * One route, `/hooks/:plugin_id`. Errors other than refusals are answered with 500 and their name.
 */
const ROUTE = {
  'express 4': expressRoute(EXPRESS['express 4']),
  express: expressRoute(EXPRESS['express 5']),
  fastify: (required: RouteRequirements, sent: Written) =>
    onFastify((app) => {
      app.setErrorHandler<Error>((error, _request, reply) =>
        reply.code(500).send(`error ${error.name}`),
      )
      app.post('/hooks/:plugin_id', { preHandler: withFastify(PERMISSION, required) }, (request) =>
        Promise.resolve(`passed ${tokenOf(request).clientId}`),
      )
    }, sent),
}

const target = '/hooks/acme.sync?plugin_id=acme.sync'

describe.each(Object.entries(ROUTE))('route of %s', (_, route) => {
  const header = fromHeader('X-Plugin')
  const other = ['authorization', `Bearer ${tokenWith({ jti: 'other' })}`]
  const evil = ['x-plugin', 'evil.plugin']
  const named = ['X-PLUGIN', 'acme.sync']

  test.each<[string, RouteRequirements['plugin'], Written, string]>([
    ['one token', plugin, { target, headers: GOOD }, 'passed lkc_1'],
    ['two tokens', plugin, { target, headers: [...GOOD, ...other] }, 'token_malformed'],
    [
      'the same token twice, in another letter case',
      plugin,
      { target, headers: [...GOOD, 'AUTHORIZATION', GOOD[1] ?? ''] },
      'token_malformed',
    ],
    [
      'Basic, then a token',
      plugin,
      { target, headers: ['authorization', 'Basic eDp5', ...GOOD] },
      'token_missing',
    ],
    [
      'a token, then Basic',
      plugin,
      { target, headers: [...GOOD, 'authorization', 'Basic eDp5'] },
      'token_malformed',
    ],
    ['a plugin header', header, { target, headers: [...GOOD, ...named] }, 'passed lkc_1'],
    [
      'two plugin headers',
      header,
      { target, headers: [...GOOD, ...named, ...evil] },
      'plugin_mismatch',
    ],
    [
      'two headers of which Node keeps one',
      fromHeader('from'),
      { target, headers: [...GOOD, 'from', 'acme.sync', 'from', 'evil.plugin'] },
      'plugin_mismatch',
    ],
    [
      'a header named like an inherited property',
      fromHeader('constructor'),
      { target, headers: GOOD },
      'plugin_mismatch',
    ],
    ['a path parameter', fromParam('plugin_id'), { target, headers: GOOD }, 'passed lkc_1'],
    [
      'an escaped path parameter',
      fromParam('plugin_id'),
      { target: '/hooks/acme%2Esync', headers: GOOD },
      'passed lkc_1',
    ],
    [
      'a path parameter named like an inherited property',
      fromParam('constructor'),
      { target, headers: GOOD },
      'plugin_mismatch',
    ],
    [
      'a repeated query parameter',
      plugin,
      { target: `${target}&plugin_id=evil.plugin`, headers: GOOD },
      'plugin_mismatch',
    ],
    [
      'a target with a fragment',
      plugin,
      { target: `${target}#&plugin_id=evil.plugin`, headers: GOOD },
      'plugin_mismatch',
    ],
    [
      'a query in the fragment',
      plugin,
      { target: '/hooks/x#?plugin_id=acme.sync', headers: GOOD },
      'plugin_mismatch',
    ],
    [
      'a target with an origin',
      plugin,
      { target: `http://evil.example${target}`, headers: GOOD },
      'passed lkc_1',
    ],
  ])('answers %s with %4$s', async (_name, from, sent, said) => {
    expect(await saidBy(await route({ plugin: from }, sent))).toBe(said)
  })

  test('keeps every part of the target out of its headers', async () => {
    const odd = '/hooks/x?plugin_id=%0d%0aX-Evil:%201%22,%20scope=%22full'
    const response = await route({ plugin }, { target: odd, headers: GOOD })
    expect(response.status).toBe(403)
    expect([...response.headers.keys()]).toEqual([
      'cache-control',
      'content-type',
      'www-authenticate',
    ])
    expect(response.headers.get('www-authenticate')).not.toMatch(/evil|full/i)
  })

  test.each<[string, unknown]>([
    ['an error', new RangeError('bug')],
    ['undefined', undefined],
    ['null', null],
    ['the word route', 'route'],
    ['the word router', 'router'],
  ])('passes %s thrown by the requirement to the error handler', async (_name, thrown) => {
    const failing = () => {
      throw thrown
    }
    const response = await route({ plugin: failing }, { target, headers: GOOD })
    expect(response.status).toBe(500)
    const name = thrown instanceof Error ? thrown.name : '\\w*'
    expect(await response.text()).toMatch(new RegExp(`^error ${name}$`))
    expect(response.headers.get('www-authenticate')).toBeNull()
  })

  test('answers a refusal without the error handler', async () => {
    expect(await saidBy(await route({ plugin }, { target }))).toBe('token_missing')
  })
})

describe.each(Object.entries(EXPRESS))('adapter for %s', (_, create) => {
  test('protects a mounted router', async () => {
    const build = (app: Express) => {
      const router = create.Router({ mergeParams: true })
      router.post('/govern', withExpress(PERMISSION, { plugin }), (req, res) => {
        res.send(String(tokenOf(req).pluginId))
      })
      router.post('/param', withExpress(PERMISSION, { plugin: fromParam('id') }), (req, res) => {
        res.send(String(tokenOf(req).pluginId))
      })
      app.use('/v1/:id', router)
    }
    const ask = async (path: string) =>
      await saidBy(await onExpress(build, { target: path, headers: GOOD }, create))
    expect(await ask('/v1/x/govern?plugin_id=acme.sync')).toBe('acme.sync')
    expect(await ask('/v1/x/govern?plugin_id=x')).toBe('plugin_mismatch')
    expect(await ask('/v1/acme.sync/param')).toBe('acme.sync')
    expect(await ask('/v1/x/param')).toBe('plugin_mismatch')
  })

  test('protects all routes behind it as a middleware', async () => {
    const build = (app: Express) => {
      app.use('/v1', withExpress(PERMISSION, { plugin: anyPlugin }))
      app.post('/v1/a', (req, res) => void res.send(tokenOf(req).clientId))
    }
    const ask = async (headers: string[]) =>
      await saidBy(await onExpress(build, { target: '/v1/a', headers }, create))
    expect([await ask(GOOD), await ask([])]).toEqual(['lkc_1', 'token_missing'])
  })

  test('respects a header that a middleware removed', async () => {
    const strip = (app: Express) =>
      void app.use((req, _res, next) => {
        delete req.headers.authorization
        next()
      })
    const response = await expressRoute(create)({ plugin }, { target, headers: GOOD }, strip)
    expect(await saidBy(response)).toBe('token_missing')
  })

  test('leaves an answer that was sent before untouched', async () => {
    const early = (app: Express) =>
      void app.use((_req, res, next) => {
        res.status(504).end('late')
        next()
      })
    const handled = vi.fn()
    const build = (app: Express) => {
      early(app)
      app.post('/', withExpress(PERMISSION, { plugin }), handled)
      app.use(((_error, _req, _res, _next) => handled()) satisfies express.ErrorRequestHandler)
    }
    const response = await onExpress(build, { target: '/' }, create)
    expect([response.status, await response.text()]).toEqual([504, 'late'])
    expect(handled).not.toHaveBeenCalled()
  })

  test('passes an error of the handler on once and unchanged', async () => {
    const seen = vi.fn()
    const build = (app: Express) => {
      app.post('/', withExpress(PERMISSION, { plugin: anyPlugin }), () => {
        throw new VerificationError('token_revoked')
      })
      app.use(((error: Error, _req, res, _next) => {
        seen(error.name)
        res.status(500).end()
      }) satisfies express.ErrorRequestHandler)
    }
    const response = await onExpress(build, { target: '/', headers: GOOD }, create)
    expect([response.status, seen.mock.calls]).toEqual([500, [['VerificationError']]])
  })
})

describe('adapter for express 5', () => {
  test('reads a wildcard of one segment and no other', async () => {
    const build = (app: Express) =>
      app.post(
        '/hooks/*plugin_id',
        withExpress(PERMISSION, { plugin: fromParam('plugin_id') }),
        (req, res) => void res.send(tokenOf(req).clientId),
      )
    const ask = async (path: string) =>
      await saidBy(await onExpress(build, { target: path, headers: GOOD }))
    expect(await ask('/hooks/acme.sync')).toBe('lkc_1')
    expect(await ask('/hooks/acme.sync/evil.plugin')).toBe('plugin_mismatch')
  })
})

describe('adapter for fastify', () => {
  test.each(['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const)(
    'works as %s of a plugin with a prefix, and a refusal ends the request',
    async (hook) => {
      const handler = vi.fn(() => Promise.resolve('passed'))
      const build = (app: FastifyInstance) =>
        void app.register(
          (scope, _options, done) => {
            scope.addHook(hook as 'onRequest', withFastify(PERMISSION, { plugin }))
            scope.addHook('onSend', (_request, _reply, payload) => setTimeout(20, payload))
            scope.post('/govern', handler)
            done()
          },
          { prefix: '/v1' },
        )
      const govern = '/v1/govern?plugin_id=acme.sync'
      expect(await saidBy(await onFastify(build, { target: govern }))).toBe('token_missing')
      expect(handler).not.toHaveBeenCalled()
      expect(await saidBy(await onFastify(build, { target: govern, headers: GOOD }))).toBe('passed')
    },
  )

  test('leaves an answer that was sent before untouched', async () => {
    const build = (app: FastifyInstance) =>
      void app.post(
        '/',
        {
          onRequest: [
            (_request, reply, done) => {
              reply.code(504).send('late')
              done()
            },
            withFastify(PERMISSION, { plugin }),
          ],
        },
        () => Promise.resolve('passed'),
      )
    const response = await onFastify(build, { target: '/' })
    expect([response.status, await response.text()]).toEqual([504, 'late'])
  })

  test('keeps headers that other plugins set', async () => {
    const build = (app: FastifyInstance) => {
      app.addHook('onRequest', async (_request, reply) => {
        void reply.header('access-control-allow-origin', 'https://app.example')
      })
      app.post('/', { onRequest: withFastify(PERMISSION, { plugin }) }, () =>
        Promise.resolve('passed'),
      )
    }
    const { status, headers } = await onFastify(build, { target: '/' })
    expect([status, headers.get('access-control-allow-origin')]).toEqual([
      401,
      'https://app.example',
    ])
  })
})

describe('nodeRequestSource', () => {
  const sourceOf = (headers: NodeRequest['headers'], rawHeaders: string[] = [], params?: unknown) =>
    nodeRequestSource({ url: '/', headers, rawHeaders }, params)
  const twice = ['X-Plugin', 'a', 'x-plugin', 'b']

  test.each<[string, string | undefined, ReturnType<typeof sourceOf>]>([
    ['sent once', 'a', sourceOf({ 'x-plugin': 'a' }, ['X-Plugin', 'a'])],
    ['sent twice, of which Node kept one', 'a, b', sourceOf({ 'x-plugin': 'a' }, twice)],
    ['sent twice, and removed', undefined, sourceOf({}, twice)],
    ['added by a middleware', 'c', sourceOf({ 'x-plugin': 'c' })],
    ['added as a list', 'a,b', sourceOf({ 'x-plugin': ['a', 'b'] })],
    ['sent as a value', undefined, sourceOf({ from: 'x-plugin' }, ['from', 'x-plugin', 'a', 'b'])],
    ['inherited', undefined, sourceOf(Object.create({ 'x-plugin': 'a' }) as {})],
  ])('reads a header %s as %s', (_name, value, { header }) =>
    expect(header('X-Plugin')).toBe(value),
  )

  test.each<[unknown, string | undefined]>([
    [{ id: 'a' }, 'a'],
    [{ id: ['a'] }, 'a'],
    [{ id: ['a', 'b'] }, undefined],
    [{ id: [] }, undefined],
    [{ id: [['a']] }, undefined],
    [{ id: 1 }, undefined],
    [{ id: undefined }, undefined],
    [Object.create({ id: 'a' }), undefined],
    [undefined, undefined],
    [null, undefined],
    ['id', undefined],
  ])('reads a path parameter of %j as %s: case %#', (params, value) => {
    expect(sourceOf({}, [], params).param('id')).toBe(value)
  })
})

test('tokenOf throws a TypeError for a request without a verified token', () => {
  expect(() => tokenOf({})).toThrow(TypeError)
})
