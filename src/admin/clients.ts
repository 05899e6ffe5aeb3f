// Clients: listing, creating, changing, disabling, deleting.
import type { z } from 'zod'
import { ADMIN_AUDIENCE, DEFAULT_WORKSPACE } from '../constants.ts'
import { UNLIMITED } from '../grants/limits.ts'
import { newClientId, newClientSecret } from '../secret.ts'
import { retryOnConflict } from '../store/conflicts.ts'
import type { Cause, Client, ClientChange, NewClient } from '../store/store.ts'
import {
  checkGiven,
  checkLimits,
  isVisible,
  listVisible,
  requireUnbound,
  requireWorkspace,
} from './authority.ts'
import { clientChange, clientQuery, newClient } from './client-fields.ts'
import { checkAddition, checkWithinOwnGrant } from './escalation.ts'
import {
  type AdminCall,
  auditedChange,
  checkIfMatch,
  now,
  parse,
  parseQuery,
  retried,
} from './operation.ts'
import { withLastUse } from './last-uses.ts'
import { pageByAge } from './pages.ts'
import { fieldsRefused, hasBeenDeleted, orNotFound } from './refusals.ts'
import { checkReferences } from './unknown-references.ts'
import { clientView } from './views/client.ts'

export const listClients = async (call: AdminCall, query: z.input<typeof clientQuery> = {}) => {
  const { deps, authority } = call
  const { limit, cursor, workspace_id, plugin_id, ...filters } = parseQuery(clientQuery, query)
  const page = await pageByAge(
    { limit, cursor, list: 'clients' },
    (part) =>
      listVisible(authority, workspace_id, (workspaceId) =>
        deps.store.listClients({ ...filters, pluginId: plugin_id, workspaceId }, part),
      ),
    clientView,
  )
  return { ...page, items: await withLastUse(call, page.items) }
}

export const showClient = async (call: AdminCall, id: string) =>
  clientView(await readClient(call, id))

/** @returns the client with its id and its secret, which no later answer contains */
export const createClient = (call: AdminCall, input: z.input<typeof newClient>) =>
  auditedChange(call, 'client.create', null, async (setTarget) => {
    const fields = parse(newClient, input)
    const client: Omit<NewClient, 'secret'> = {
      id: newClientId(call.deps.random),
      name: fields.name,
      workspaceId: workspaceFor(call, fields),
      ...(fields.auth_method && { authMethod: fields.auth_method }),
      ...limitsFor(call, fields),
      plugins: fields.plugins ?? [],
      createPlugins: fields.create_plugins ?? false,
      grants: withPermissions(fields.grants ?? []),
      introspects: fields.introspects ?? [],
      details: fields.authorization_details ?? [],
    }
    setTarget(client.id)
    checkGiven(call.authority, client)
    return await retryOnConflict(async () => {
      await checkReferences(call, client)
      return await addClient(call, client)
    })
  })

/** Limits of a new client: those of the input, else those of the bound administrator who creates it. */
const limitsFor = (
  { authority, deps }: AdminCall,
  { token_ttl, quota_per_minute, ledger }: z.output<typeof newClient>,
) => {
  const own = authority.holds?.limits ?? { ...UNLIMITED, limitedBy: null }
  const limits = {
    tokenTtl: token_ttl === undefined ? own.tokenTtl : token_ttl,
    quotaPerMinute: quota_per_minute === undefined ? own.quotaPerMinute : quota_per_minute,
    ledger: ledger ?? own.ledger,
  }
  checkLimits(authority, { before: own, after: limits }, deps.tokenTtlSeconds)
  return { ...limits, limitedBy: own.limitedBy }
}

/**
 * Workspace of a new client. A client outside every workspace must be an administrator, because suspending a workspace
 * could not revoke its tokens.
 */
const workspaceFor = (
  { authority }: AdminCall,
  { workspace_id: chosen, grants = [] }: z.output<typeof newClient>,
): string | null => {
  if (chosen === undefined) return authority.workspaceId ?? DEFAULT_WORKSPACE
  if (chosen !== null) return requireWorkspace(authority, chosen)
  requireUnbound(authority)
  if (isAdministrator(grants)) return null
  const detail = `must name a workspace for a client without a grant for ${ADMIN_AUDIENCE}, not null`
  throw fieldsRefused('invalid_value', [{ field: 'workspace_id', detail }])
}

/** Creates a client with its first secret. */
export const addClient = async (call: AdminCall, client: Omit<NewClient, 'secret'>) => {
  const secret = newClientSecret(call.deps.random)
  await call.deps.store.createClient({ ...client, secret: secret.row }, now(call))
  return {
    ...(await showClient(call, client.id)),
    secret_id: secret.row.id,
    client_secret: secret.text,
  }
}

/** Changes the members that are sent and keeps the others. Removing a grant revokes the tokens that it covers. */
export const updateClient = (call: AdminCall, id: string, input: z.input<typeof clientChange>) =>
  auditedChange(call, 'client.update', id, async (_, cause) => {
    const fields = parse(clientChange, input)
    return await writeClient(call, { id, cause }, () => fields)
  })

/** Read, decide, write. `decide` maps the stored client to a change; the step is retried on conflict. */
export const writeClient = async (
  call: AdminCall,
  { id, cause }: { id: string; cause: Cause },
  decide: (before: Client) => z.output<typeof clientChange>,
) => {
  await retried(call, async () => {
    const before = checkIfMatch(call, await readClient(call, id))
    const fields = decide(before)
    const update = {
      ...toClientChange(fields),
      // A quota that an unbound administrator sets is the client's own, and no longer counts towards its maker's.
      ...(call.authority.workspaceId === null &&
        fields.quota_per_minute !== undefined && { limitedBy: null }),
    }
    const after = { ...before, ...update }
    await checkAddition(call, { before, after })
    checkLimits(call.authority, { before, after }, call.deps.tokenTtlSeconds)
    checkUnbound(after)
    // Checks only the details that are sent: a stored one for any resource of a type may have lost its last resource.
    const details = update.details ?? []
    await checkReferences(call, { ...after, details, createPlugins: false }, before)
    await call.deps.store.updateClient(before, update, now(call), cause)
  })
  return await showClient(call, id)
}

const isAdministrator = (grants: Client['grants']): boolean =>
  grants.some((grant) => grant.audience === ADMIN_AUDIENCE)

/**
 * Requires that a client outside every workspace is an administrator or has no grant, because suspending a workspace
 * could not revoke its tokens.
 */
const checkUnbound = ({ workspaceId, grants }: Pick<Client, 'workspaceId' | 'grants'>): void => {
  if (workspaceId !== null || isAdministrator(grants) || grants.length === 0) return
  const detail = `must have one for ${ADMIN_AUDIENCE} if the client has no workspace`
  throw fieldsRefused('invalid_value', [{ field: 'grants', detail }])
}

const toClientChange = (fields: z.output<typeof clientChange>): ClientChange => ({
  ...(fields.name !== undefined && { name: fields.name }),
  ...(fields.token_ttl !== undefined && { tokenTtl: fields.token_ttl }),
  ...(fields.quota_per_minute !== undefined && { quotaPerMinute: fields.quota_per_minute }),
  ...(fields.ledger !== undefined && { ledger: fields.ledger }),
  ...(fields.plugins && { plugins: fields.plugins }),
  ...(fields.grants && { grants: withPermissions(fields.grants) }),
  ...(fields.introspects && { introspects: fields.introspects }),
  ...(fields.authorization_details && { details: fields.authorization_details }),
})

const withPermissions = (grants: Client['grants']): Client['grants'] =>
  grants.filter((grant) => grant.permissions.length > 0)

export const disableClient = (call: AdminCall, id: string) =>
  setStatus(call, { id, action: 'client.disable', status: 'disabled' })

/** Lets the client log in again, with all its secrets and grants. Its tokens from before stay revoked. */
export const enableClient = (call: AdminCall, id: string) =>
  setStatus(call, { id, action: 'client.enable', status: 'active' })

const setStatus = (
  call: AdminCall,
  { id, action, status }: { id: string; action: string; status: 'active' | 'disabled' },
) =>
  auditedChange(call, action, id, async (_, cause) => {
    await retried(call, async () => {
      const before = checkIfMatch(call, await readClient(call, id))
      if (status === 'active') await checkWithinOwnGrant(call, before)
      await call.deps.store.updateClient(before, { status }, now(call), cause)
    })
    return await showClient(call, id)
  })

export const deleteClient = (call: AdminCall, id: string) =>
  auditedChange(call, 'client.delete', id, async (_, cause) => {
    await retried(call, async () => {
      const before = checkIfMatch(call, await readClient(call, id))
      await call.deps.store.deleteClient(before, now(call), cause)
    })
    return { client_id: id, status: 'deleted' as const }
  })

export const revokeClientTokens = (call: AdminCall, id: string) =>
  auditedChange(call, 'client.revoke_tokens', id, async (_, cause) => {
    checkIfMatch(call, await readClient(call, id))
    await call.deps.store.revokeClientTokens(id, now(call), cause)
    return await showClient(call, id)
  })

/** Reads a client. One of another workspace is not found. */
export const readClient = async ({ deps, authority }: AdminCall, id: string): Promise<Client> => {
  const client = await deps.store.findClient(id)
  const deleted = client === null ? await deps.store.findDeletedClient(id) : null
  if (deleted !== null && isVisible(authority, deleted)) throw hasBeenDeleted('client', id)
  return orNotFound(isVisible(authority, client) ? client : null, 'client', id)
}
