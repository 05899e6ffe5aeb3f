// The first rows of an empty database (design: First start).
import { ADMIN_AUDIENCE, ADMIN_READ, ADMIN_WRITE, DEFAULT_WORKSPACE } from '../constants.ts'
import { type RandomBytes, newWorkspaceRef } from '../secret.ts'
import type { KeyCandidate, NewAudience, NewClient, Seed } from './store.ts'

const audience = (id: string, permissions: string[], requiresPlugin: boolean): NewAudience => ({
  id,
  requiresPlugin,
  tokenTtl: null,
  algorithm: 'RS256',
  permissions: permissions.map((name) => ({ name, implies: [] })),
})

/** An unbound administrator: a client with the grant of the admin API and without a workspace. */
export const newAdministrator = (id: string, name: string): Omit<NewClient, 'secret'> => ({
  id,
  name,
  workspaceId: null,
  tokenTtl: null,
  quotaPerMinute: null,
  plugins: [],
  createPlugins: false,
  grants: [{ audience: ADMIN_AUDIENCE, permissions: [ADMIN_READ, ADMIN_WRITE] }],
  introspects: [],
  details: [],
})

export const firstSeed = (
  keys: KeyCandidate[],
  administrator: NewClient | null,
  random: RandomBytes,
): Seed => ({
  keys,
  workspace: { id: DEFAULT_WORKSPACE, name: 'Default', ref: newWorkspaceRef(random) },
  noWorkspaceRef: newWorkspaceRef(random),
  audiences: [
    audience(ADMIN_AUDIENCE, [ADMIN_READ, ADMIN_WRITE], false),
    audience('hook', ['hook:govern', 'hook:track'], true),
  ],
  administrator,
})
