// Makes the records that tokens name, such as clients and plugins, directly through the store.
import { randomBytes } from 'node:crypto'
import { newClientId, newClientSecret, newWorkspaceRef } from '../../src/secret.ts'
import type { NewAudience, NewClient, NewPlugin, Permission, Store } from '../../src/store/store.ts'

export type ClientCredentials = { id: string; secret: string }

/** `write>read` is a permission that implies another, as on the command line. */
const permission = (text: string): Permission => {
  const [name = '', implies = ''] = text.split('>')
  return { name, implies: implies === '' ? [] : implies.split(',') }
}

type ClientOptions = Partial<Omit<NewClient, 'grants' | 'secret'>> & {
  grants?: Record<string, string[]>
  secretExpiresAt?: number | null
}

export const createRecords = (store: Store, now: () => number) => ({
  async audience(
    id: string,
    permissions: string[],
    options: Partial<Omit<NewAudience, 'id' | 'permissions'>> = {},
  ): Promise<void> {
    await store.createAudience(
      {
        id,
        requiresPlugin: false,
        tokenTtl: null,
        algorithm: 'RS256',
        ...options,
        permissions: permissions.map(permission),
      },
      now(),
    )
  },

  async plugin(id: string, options: Partial<Omit<NewPlugin, 'id'>> = {}): Promise<void> {
    await store.createPlugin(
      { id, name: id, trust: 'restricted', capabilities: [], snapshot: null, ...options },
      now(),
    )
  },

  async workspace(id: string): Promise<void> {
    await store.createWorkspace({ id, name: id, ref: newWorkspaceRef(randomBytes) }, now())
  },

  async resource(type: string, id: string, workspaceId: string, parts: string[]): Promise<void> {
    await store.createResource({ type, id, workspaceId, parts }, now())
  },

  async client({
    grants = {},
    secretExpiresAt = null,
    ...options
  }: ClientOptions = {}): Promise<ClientCredentials> {
    const id = newClientId(randomBytes)
    const secret = newClientSecret(randomBytes, { expiresAt: secretExpiresAt })
    const client: NewClient = {
      id,
      name: 'a client',
      workspaceId: 'default',
      tokenTtl: null,
      quotaPerMinute: null,
      plugins: [],
      createPlugins: true,
      introspects: [],
      details: [],
      ...options,
      grants: Object.entries(grants).map(([audience, names]) => ({ audience, permissions: names })),
      secret: secret.row,
    }
    await store.createClient(client, now())
    return { id, secret: secret.text }
  },

  /** Adds a secret. The other secrets keep their expiry, or expire after 90 days if that is sooner. */
  async addSecret(clientId: string, expiresAt: number | null = null) {
    const { text, row } = newClientSecret(randomBytes, { expiresAt })
    await store.addSecret(clientId, row, now() + 90 * 24 * 60 * 60, now())
    return { secret: text, secretId: row.id }
  },

  /** Removes all grants of a client. */
  async takeGrants(clientId: string): Promise<void> {
    const client = await store.findClient(clientId)
    if (client) await store.updateClient(client, { grants: [] }, now())
  },

  async setStatus(clientId: string, status: 'active' | 'disabled'): Promise<void> {
    const client = await store.findClient(clientId)
    if (client) await store.updateClient(client, { status }, now())
  },

  async setWorkspaceStatus(id: string, status: 'active' | 'suspended'): Promise<void> {
    const workspace = await store.findWorkspace(id)
    if (workspace) await store.updateWorkspace(workspace, { status }, now())
  },

  async deleteClient(clientId: string): Promise<void> {
    const client = await store.findClient(clientId)
    if (client) await store.deleteClient(client, now())
  },
})
