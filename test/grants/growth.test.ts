// Growth of work: inputs for which it could grow with a product of limits.
import { it } from 'vitest'
import { formError } from '../../src/grants/details.ts'
import { narrowGrants, remainingDetails, remainingGrants } from '../../src/oauth/enrollment.ts'
import { narrowDetails } from '../../src/grants/held-details.ts'
import { permissionsTaken, takesFromClient } from '../../src/grants/taking-away.ts'
import type { Audience, AuthorizationDetail, Client } from '../../src/store/store.ts'
import { narrow } from '../../src/grants/narrowing.ts'
import { type Work, expectLinear } from '../support/growth.ts'
import { START_SECONDS, startServer } from '../support/server.ts'

const many = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => prefix + i)

const chain = (count: number) =>
  many('p', count).map((name, i, names) => ({ name, implies: names.slice(i + 1, i + 6) }))

const audience = (count: number) => ({
  id: 'docs',
  requiresPlugin: false,
  tokenTtl: null,
  algorithm: 'RS256' as const,
  permissions: chain(count),
})

const playlists = (count: number, values: number): AuthorizationDetail[] =>
  many('r', count).map((identifier) => ({
    type: 'playlist',
    identifier,
    actions: many('a', values),
    parts: many('x', values),
  }))

const server = await startServer()
let clients = 0

/** Writes details of 20 entries with this many parts each, which the store looks up. */
const writesDetails = async (parts: number): Promise<Work> => {
  const set = clients++
  const details = many(`s${set}-`, 20).map((identifier) => ({
    type: 'playlist',
    identifier,
    actions: [],
    parts: many('x', parts),
  }))
  for (const { identifier, parts: all } of details) {
    await server.resource('playlist', identifier, 'default', all)
  }
  const { id } = await server.client()
  const before = await server.store.findClient(id)
  if (before === null) throw new Error('no client')
  return () => server.store.updateClient(before, { details }, START_SECONDS)
}

const INPUTS: [title: string, size: number, prepare: (size: number) => Work | Promise<Work>][] = [
  [
    'details narrowed to 100 entries that each copy a long list',
    100,
    (size) => {
      const granted = playlists(100, size).map((entry) => ({ ...entry, identifier: '*' }))
      const asked = many('r', 100).map((identifier) => ({ type: 'playlist', identifier }))
      return () => narrowDetails(granted, asked)
    },
  ],
  ['details checked for their form', 100, (size) => () => formError(playlists(100, size))],
  ['details written with parts that are looked up', 100, writesDetails],
  [
    'details left of an enrollment',
    100,
    (size) => {
      const details = playlists(100, size)
      const resource = { parts: many('x', size) }
      return () => remainingDetails(details, () => resource)
    },
  ],
  [
    'a token with all implied permissions',
    250,
    (size) => {
      const grants = [{ audience: audience(size), permissions: many('p', size) }]
      return () => narrow({}, { grants, plugins: [], details: [] })
    },
  ],
  [
    'a scope that names all permissions',
    250,
    (size) => {
      const grants = [{ audience: audience(size), permissions: ['p0'] }]
      const scope = many('p', size).join(' ')
      return () => narrow({ scope }, { grants, plugins: [], details: [] })
    },
  ],
  [
    'grants narrowed to a scope',
    250,
    (size) => {
      const grants = [{ audience: 'docs', permissions: ['p0'] }]
      const known = [audience(size)]
      return () => narrowGrants(grants, many('p', size), known)
    },
  ],
  [
    'grants left of an enrollment',
    250,
    (size) => {
      const grants = [{ audience: 'docs', permissions: many('p', size) }]
      const known = [audience(size)]
      return () => remainingGrants(grants, known)
    },
  ],
  [
    'permissions that imply less',
    250,
    (size) => {
      const before = { ...audience(size), etag: '', createdAt: 0 } as Audience
      return () => permissionsTaken(before, { permissions: chain(size).slice(0, -1) })
    },
  ],
  [
    'grants taken from a client',
    1_000,
    (size) => {
      const grants = [{ audience: 'docs', permissions: many('p', size) }]
      const client = { grants, plugins: many('q', size), details: [] as unknown } as Client
      return () => takesFromClient(client, { grants, plugins: client.plugins })
    },
  ],
]

it.each(INPUTS)('work is linear: %s', async (_, size, prepare) => {
  await expectLinear(size, prepare)
})
