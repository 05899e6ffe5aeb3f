// Records for the tests of the contract.
import { randomBytes } from 'node:crypto'
import { namedWorkspaceValue, workspaceRuleValue } from '../../../src/grants/taking-away.ts'
import type { Algorithm } from '../../../src/signing/algorithms.ts'
import { firstSeed, newAdministrator } from '../../../src/store/seed.ts'
import type {
  Audience,
  AuthorizationDetail,
  Client,
  KeyCandidate,
  NewAudience,
  NewClient,
  NewPlugin,
  NewSecret,
  Plugin,
  Resource,
  RevocationLookup,
  Seed,
  Store,
  Workspace,
} from '../../../src/store/store.ts'

/** The frozen clock, in seconds. */
export const NOW = 1_800_000_000

export const key = (kid: string, algorithm: Algorithm = 'RS256'): KeyCandidate => ({
  kid,
  algorithm,
  publicJwk: { kty: 'test', n: `modulus of ${kid}` },
  privateJwe: `private half of ${kid}`,
})

export const secret = (id: string, expiresAt: number | null = null): NewSecret => ({
  id,
  name: null,
  hash: `hash of ${id}`,
  hint: id.slice(-4),
  expiresAt,
})

export const audience = (
  id: string,
  permissions: Record<string, string[]>,
  options: Partial<NewAudience> = {},
): NewAudience => ({
  id,
  requiresPlugin: false,
  tokenTtl: null,
  algorithm: 'RS256',
  permissions: Object.entries(permissions).map(([name, implies]) => ({ name, implies })),
  ...options,
})

export const plugin = (id: string, options: Partial<NewPlugin> = {}): NewPlugin => ({
  id,
  name: id,
  trust: 'restricted',
  capabilities: [],
  snapshot: null,
  ...options,
})

/** A client `id` in the workspace `default` with the secret `ID-secret`, granted nothing. */
export const client = (id: string, options: Partial<NewClient> = {}): NewClient => ({
  id,
  name: id,
  workspaceId: 'default',
  tokenTtl: null,
  quotaPerMinute: null,
  plugins: [],
  grants: [],
  introspects: [],
  details: [],
  createPlugins: false,
  secret: secret(`${id}-secret`),
  ...options,
})

export const administrator = (id: string): NewClient => ({
  ...newAdministrator(id, id),
  secret: secret(`${id}-secret`),
})

/** `full` implies `write`, which implies `read`. */
export const API = audience('api', { full: ['write'], write: ['read'], read: [] })

/** A first start, with the administrator `root`, keys `key-1` (active) and `key-2` (next), and the audience `api`. */
export const seed: Seed = ((): Seed => {
  const first = firstSeed([key('key-1'), key('key-2')], administrator('root'), randomBytes)
  return { ...first, audiences: [...first.audiences, API] }
})()

/** A token that no rule matches, except by the given claims. */
export const token = (claims: Partial<RevocationLookup>): RevocationLookup => ({
  kid: 'no key',
  jti: 'no jti',
  exp: NOW + 900,
  clientId: 'no client',
  clientGen: 1,
  workspace: { id: null, values: [], generation: -1 },
  plugin: null,
  runs: [],
  ...claims,
})

export const newWorkspace = (id: string, name = id) => ({ id, name, ref: `reference of ${id}` })

/** Values that a token of this workspace is compared by. */
export const ofWorkspace = (
  { id, ref }: Pick<Workspace, 'id' | 'ref'>,
  generation: number,
): RevocationLookup['workspace'] => ({
  id,
  values: [namedWorkspaceValue(id), workspaceRuleValue(ref)],
  generation,
})

const existing = async <T>(found: Promise<T | null>): Promise<T> => {
  const row = await found
  if (row === null) throw new Error('the row is missing')
  return row
}

export const theClient = (store: Store, id: string): Promise<Client> =>
  existing(store.findClient(id))

export const thePlugin = (store: Store, id: string): Promise<Plugin> =>
  existing(store.findPlugin(id))

export const theAudience = (store: Store, id: string): Promise<Audience> =>
  existing(store.findAudience(id))

export const theWorkspace = (store: Store, id: string): Promise<Workspace> =>
  existing(store.findWorkspace(id))

export const theResource = (store: Store, type: string, id: string): Promise<Resource> =>
  existing(store.findResource(type, id))

export const createdResource = async (
  store: Store,
  type: string,
  id: string,
  options: Partial<Resource> = {},
): Promise<Resource> => {
  await store.createResource({ type, id, workspaceId: 'default', parts: [], ...options }, NOW)
  return await theResource(store, type, id)
}

/** A detail of a playlist, granted in full except for the given members. */
export const playlist = (
  identifier: string,
  members: Partial<AuthorizationDetail> = {},
): AuthorizationDetail =>
  ({ type: 'playlist', identifier, actions: '*', parts: '*', ...members }) as AuthorizationDetail

export const createdClient = async (
  store: Store,
  id: string,
  options: Partial<NewClient> = {},
): Promise<Client> => {
  await store.createClient(client(id, options), NOW)
  return await theClient(store, id)
}

export const createdPlugin = async (
  store: Store,
  id: string,
  options: Partial<NewPlugin> = {},
): Promise<Plugin> => {
  await store.createPlugin(plugin(id, options), NOW)
  return await thePlugin(store, id)
}
