import { z } from 'zod'
import { DEFAULT_WORKSPACE } from '../constants.ts'
import { OperationRefused } from '../errors.ts'
import { newClientId, newClientSecret } from '../secret.ts'
import { newAdministrator } from '../store/seed.ts'
import type { Client, Grant, NewClient } from '../store/store.ts'
import { audienceId, chosenId, grants, listOf, name, quotaPerMinute, tokenTtl } from './fields.ts'
import { type Admin, change, found, now, parse, retried } from './operation.ts'
import { clientView } from './views.ts'

const newClient = z.strictObject({
  name,
  workspace_id: chosenId.optional(),
  plugins: listOf(chosenId).optional(),
  create_plugins: z.boolean().optional(),
  grants: grants.optional(),
  introspects: listOf(audienceId).optional(),
  auth_method: z
    .literal('client_secret_basic', { error: 'must be client_secret_basic' })
    .optional(),
  token_ttl: tokenTtl.nullish(),
  quota_per_minute: quotaPerMinute.nullish(),
})

/** What is granted or taken: lists of what to add and what to remove, and whole grants by audience. */
const grantChange = z.strictObject({
  grants: grants.optional(),
  plugins: listOf(chosenId).optional(),
  remove_plugins: listOf(chosenId).optional(),
  introspects: listOf(audienceId).optional(),
  remove_introspects: listOf(audienceId).optional(),
})

export type NewClientInput = z.input<typeof newClient>
export type GrantChangeInput = z.input<typeof grantChange>

export const listClients = async ({ deps }: Admin) =>
  (await deps.store.listClients()).map(clientView)

export const showClient = async (admin: Admin, id: string) =>
  clientView(await readClient(admin, id))

/** @returns the client with its id and secret; the secret is shown this once */
export const createClient = (admin: Admin, input: NewClientInput) =>
  change(admin, 'client.create', null, async (named) => {
    const fields = parse(newClient, input)
    const client: Omit<NewClient, 'secret'> = {
      id: newClientId(admin.deps.random),
      name: fields.name,
      workspaceId: fields.workspace_id ?? DEFAULT_WORKSPACE,
      tokenTtl: fields.token_ttl ?? null,
      quotaPerMinute: fields.quota_per_minute ?? null,
      plugins: fields.plugins ?? [],
      createPlugins: fields.create_plugins ?? false,
      grants: fields.grants?.filter((grant) => grant.permissions.length > 0) ?? [],
      introspects: fields.introspects ?? [],
    }
    named(client.id)
    await checkReferences(admin, client)
    return await addClient(admin, client)
  })

/** An unbound administrator: what is left when every other one is lost. */
export const createAdministrator = (admin: Admin, givenName: string) =>
  change(admin, 'admin.create', null, async (named) => {
    const fields = parse(z.strictObject({ name }), { name: givenName })
    const id = newClientId(admin.deps.random)
    named(id)
    return await addClient(admin, newAdministrator(id, fields.name))
  })

const addClient = async (admin: Admin, client: Omit<NewClient, 'secret'>) => {
  const secret = newClientSecret(admin.deps.random)
  await admin.deps.store.createClient({ ...client, secret: secret.row }, now(admin))
  return {
    ...clientView(await readClient(admin, client.id)),
    secret_id: secret.row.id,
    client_secret: secret.text,
  }
}

/** Sets what the client may ask for at each audience that is named; no permissions take the audience away. */
export const grantClient = (admin: Admin, id: string, input: GrantChangeInput) =>
  change(admin, 'client.grant', id, async () => {
    const fields = parse(grantChange, input)
    await retried(async () => {
      const before = await readClient(admin, id)
      const after = {
        grants: mergeGrants(before.grants, fields.grants ?? []),
        plugins: merge(before.plugins, fields.plugins, fields.remove_plugins),
        introspects: merge(before.introspects, fields.introspects, fields.remove_introspects),
      }
      await checkReferences(admin, { ...after, workspaceId: null, createPlugins: false })
      await admin.deps.store.updateClient(before, after, now(admin))
    })
    return await showClient(admin, id)
  })

const mergeGrants = (before: readonly Grant[], given: readonly Grant[]): Grant[] => {
  const named = new Set(given.map((grant) => grant.audience))
  return [...before.filter((grant) => !named.has(grant.audience)), ...given].filter(
    (grant) => grant.permissions.length > 0,
  )
}

const merge = (before: string[], add: string[] = [], remove: string[] = []): string[] =>
  [...new Set([...before, ...add])].filter((item) => !remove.includes(item))

export const disableClient = (admin: Admin, id: string) =>
  setStatus(admin, { id, action: 'client.disable', status: 'disabled' })

/** It may log in again; tokens from before it was disabled stay dead. */
export const enableClient = (admin: Admin, id: string) =>
  setStatus(admin, { id, action: 'client.enable', status: 'active' })

const setStatus = (
  admin: Admin,
  { id, action, status }: { id: string; action: string; status: 'active' | 'disabled' },
) =>
  change(admin, action, id, async () => {
    await retried(async () =>
      admin.deps.store.updateClient(await readClient(admin, id), { status }, now(admin)),
    )
    return await showClient(admin, id)
  })

export const deleteClient = (admin: Admin, id: string) =>
  change(admin, 'client.delete', id, async () => {
    await retried(async () =>
      admin.deps.store.deleteClient(await readClient(admin, id), now(admin)),
    )
    return { client_id: id, status: 'deleted' as const }
  })

export const revokeClientTokens = (admin: Admin, id: string) =>
  change(admin, 'client.revoke_tokens', id, async () => {
    await readClient(admin, id)
    await admin.deps.store.revokeClientTokens(id, now(admin))
    return await showClient(admin, id)
  })

export const readClient = async ({ deps }: Admin, id: string): Promise<Client> =>
  found(await deps.store.findClient(id), 'client', id)

type References = Pick<
  NewClient,
  'workspaceId' | 'plugins' | 'createPlugins' | 'grants' | 'introspects'
>

/** Says which name is wrong; that nothing dangles, the database's foreign keys hold. */
const checkReferences = async ({ deps }: Admin, references: References): Promise<void> => {
  const { store } = deps
  const { workspaceId } = references
  if (workspaceId !== null) {
    found(await store.findWorkspace(workspaceId), 'workspace', workspaceId, 'workspace_id')
  }
  if (!references.createPlugins) {
    for (const id of references.plugins) found(await store.findPlugin(id), 'plugin', id, 'plugins')
  }
  for (const id of references.introspects) {
    found(await store.findAudience(id), 'audience', id, 'introspects')
  }
  for (const grant of references.grants) {
    const audience = found(
      await store.findAudience(grant.audience),
      'audience',
      grant.audience,
      'grants',
    )
    const unknown = grant.permissions.find(
      (p) => !audience.permissions.some((known) => known.name === p),
    )
    if (unknown !== undefined) {
      const message = `the audience ${audience.id} has no permission ${unknown}`
      throw new OperationRefused('not_found', message, 'grants')
    }
  }
}
