import { z } from 'zod'
import { ADMIN_AUDIENCE, DEFAULT_WORKSPACE } from '../constants.ts'
import { UNLIMITED } from '../grants/limits.ts'
import { newClientId, newClientSecret } from '../secret.ts'
import { newAdministrator } from '../store/seed.ts'
import type { Client, ClientChange, NewClient } from '../store/store.ts'
import { checkGiven, checkLimits, requireUnbound, requireWorkspace, seenIn } from './authority.ts'
import {
  audienceId,
  chosenId,
  grantedDetails,
  grants,
  listOf,
  name,
  quotaPerMinute,
  tokenTtl,
} from './fields.ts'
import { fieldsRefused, orNotFound } from './refusals.ts'
import {
  type AdminCall,
  auditedChange,
  now,
  parse,
  parseQuery,
  retried,
  checkIfMatch,
} from './operation.ts'
import { pageByAge, pageFields } from './pages.ts'
import { checkReferences } from './missing-names.ts'
import { clientView } from './views.ts'
import { checkAddition, checkWorth } from './worth.ts'

const TIGHTER = 'Only an unbound administrator raises or removes this limit.'

const settings = {
  plugins: listOf(chosenId).optional(),
  grants: grants.optional(),
  introspects: listOf(audienceId).optional(),
  authorization_details: grantedDetails.optional(),
  token_ttl: tokenTtl
    .nullish()
    .meta({ description: `Seconds; null: what the audience says. ${TIGHTER}` }),
  quota_per_minute: quotaPerMinute
    .nullish()
    .meta({ description: `Token requests and closed runs a minute; null: no quota. ${TIGHTER}` }),
  ledger: z
    .boolean({ error: 'must be true or false' })
    .optional()
    .meta({
      description: `Keep all its tokens in the ledger, not only those of a run. ${TIGHTER}`,
    }),
}

export const clientQuery = z.strictObject({
  ...pageFields,
  workspace_id: chosenId.optional(),
  status: z.enum(['active', 'disabled'], { error: 'must be active or disabled' }).optional(),
  name: name.optional(),
  plugin_id: chosenId.optional(),
  audience: audienceId.optional(),
})
export const newClient = z
  .strictObject({
    name,
    workspace_id: chosenId
      .nullish()
      .meta({ description: 'Null makes an administrator who is bound to no workspace.' }),
    create_plugins: z.boolean().optional().meta({
      description: 'Make those plugins that do not exist, with the trust tier restricted.',
    }),
    auth_method: z
      .enum(['client_secret_basic', 'client_secret_post'], {
        error: 'must be client_secret_basic or client_secret_post',
      })
      .optional(),
    ...settings,
  })
  .meta({ id: 'NewClient' })
export const clientChange = z
  .strictObject({ name: name.optional(), ...settings })
  .meta({ id: 'ClientChange' })

export const listClients = async (admin: AdminCall, query: z.input<typeof clientQuery> = {}) => {
  const { deps, authority } = admin
  const parsed = parseQuery(clientQuery, query)
  const { workspace_id: wanted, plugin_id: pluginId, status, name: named, audience } = parsed
  const filter = { status, name: named, pluginId, audience }
  return await pageByAge(
    { ...parsed, list: 'clients' },
    (part) =>
      seenIn(authority, wanted, (workspaceId) =>
        deps.store.listClients({ ...filter, workspaceId }, part),
      ),
    clientView,
  )
}

export const showClient = async (admin: AdminCall, id: string) =>
  clientView(await readClient(admin, id))

/** @returns the client with its id and secret; the secret is shown this once */
export const createClient = (admin: AdminCall, input: z.input<typeof newClient>) =>
  auditedChange(admin, 'client.create', null, async (named) => {
    const fields = parse(newClient, input)
    const client: Omit<NewClient, 'secret'> = {
      id: newClientId(admin.deps.random),
      name: fields.name,
      workspaceId: workspaceFor(admin, fields),
      ...(fields.auth_method && { authMethod: fields.auth_method }),
      ...limitsFor(admin, fields),
      plugins: fields.plugins ?? [],
      createPlugins: fields.create_plugins ?? false,
      grants: withPermissions(fields.grants ?? []),
      introspects: fields.introspects ?? [],
      details: fields.authorization_details ?? [],
    }
    named(client.id)
    checkGiven(admin.authority, client)
    await checkReferences(admin, client)
    return await addClient(admin, client)
  })

/** As said; what is left out is what the bound administrator who makes it has. */
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

/** A bound administrator has one workspace to give; who is to be in none, has to be an administrator. */
const workspaceFor = (
  { authority }: AdminCall,
  { workspace_id: wanted, grants: given }: z.output<typeof newClient>,
): string | null => {
  if (wanted === undefined) return authority.workspaceId ?? DEFAULT_WORKSPACE
  if (wanted !== null) return requireWorkspace(authority, wanted)
  requireUnbound(authority)
  if (given?.some((grant) => grant.audience === ADMIN_AUDIENCE)) return null
  const detail = `must name a workspace for a client without a grant for ${ADMIN_AUDIENCE}, not null`
  throw fieldsRefused('invalid_value', [{ field: 'workspace_id', detail }])
}

/** An unbound administrator: what is left when every other one is lost. */
export const createAdministrator = (admin: AdminCall, givenName: string) =>
  auditedChange(admin, 'admin.create', null, async (named) => {
    const fields = parse(z.strictObject({ name }), { name: givenName })
    const id = newClientId(admin.deps.random)
    named(id)
    return await addClient(admin, newAdministrator(id, fields.name))
  })

const addClient = async (admin: AdminCall, client: Omit<NewClient, 'secret'>) => {
  const secret = newClientSecret(admin.deps.random)
  await admin.deps.store.createClient({ ...client, secret: secret.row }, now(admin))
  return {
    ...(await showClient(admin, client.id)),
    secret_id: secret.row.id,
    client_secret: secret.text,
  }
}

/** What is given replaces what was; the rest stays. What is taken away kills its tokens. */
export const updateClient = (admin: AdminCall, id: string, input: z.input<typeof clientChange>) =>
  auditedChange(admin, 'client.update', id, async () => {
    const fields = parse(clientChange, input)
    return await writeClient(admin, id, () => fields)
  })

/** Decides from what the client is what it is to be, and writes that. */
export const writeClient = async (
  admin: AdminCall,
  id: string,
  decide: (before: Client) => z.output<typeof clientChange>,
) => {
  await retried(admin, async () => {
    const before = checkIfMatch(admin, await readClient(admin, id))
    const fields = decide(before)
    const update = {
      ...toClientChange(fields),
      // An unbound administrator who gives it a quota takes it out of the count of its maker.
      ...(admin.authority.workspaceId === null &&
        fields.quota_per_minute !== undefined && { limitedBy: null }),
    }
    const after = { ...before, ...update }
    await checkAddition(admin, { before, after })
    checkLimits(admin.authority, { before, after }, admin.deps.tokenTtlSeconds)
    checkUnbound(after)
    // Of the details only those that are given: a type that is "any" may have lost its last resource.
    const details = update.details ?? []
    await checkReferences(admin, { ...after, details, createPlugins: false }, before)
    await admin.deps.store.updateClient(before, update, now(admin))
  })
  return await showClient(admin, id)
}

/** Who is in no workspace administers, or can do nothing: no suspension would reach its tokens. */
const checkUnbound = ({ workspaceId, grants: given }: Pick<Client, 'workspaceId' | 'grants'>) => {
  const administers = given.some((grant) => grant.audience === ADMIN_AUDIENCE)
  if (workspaceId !== null || administers || given.length === 0) return
  const detail = `must have one for ${ADMIN_AUDIENCE} in a client that is in no workspace`
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

const withPermissions = (given: Client['grants']): Client['grants'] =>
  given.filter((grant) => grant.permissions.length > 0)

export const disableClient = (admin: AdminCall, id: string) =>
  setStatus(admin, { id, action: 'client.disable', status: 'disabled' })

/** It may log in again, with all that it has; tokens from before it was disabled stay dead. */
export const enableClient = (admin: AdminCall, id: string) =>
  setStatus(admin, { id, action: 'client.enable', status: 'active' })

const setStatus = (
  admin: AdminCall,
  { id, action, status }: { id: string; action: string; status: 'active' | 'disabled' },
) =>
  auditedChange(admin, action, id, async () => {
    await retried(admin, async () => {
      const before = checkIfMatch(admin, await readClient(admin, id))
      if (status === 'active') await checkWorth(admin, before)
      await admin.deps.store.updateClient(before, { status }, now(admin))
    })
    return await showClient(admin, id)
  })

export const deleteClient = (admin: AdminCall, id: string) =>
  auditedChange(admin, 'client.delete', id, async () => {
    await retried(admin, async () => {
      const before = checkIfMatch(admin, await readClient(admin, id))
      await admin.deps.store.deleteClient(before, now(admin))
    })
    return { client_id: id, status: 'deleted' as const }
  })

export const revokeClientTokens = (admin: AdminCall, id: string) =>
  auditedChange(admin, 'client.revoke_tokens', id, async () => {
    checkIfMatch(admin, await readClient(admin, id))
    await admin.deps.store.revokeClientTokens(id, now(admin))
    return await showClient(admin, id)
  })

/** Of another workspace is as good as not there. */
export const readClient = async ({ deps, authority }: AdminCall, id: string): Promise<Client> => {
  const client = await deps.store.findClient(id)
  const seen = authority.workspaceId === null || client?.workspaceId === authority.workspaceId
  return orNotFound(seen ? client : null, 'client', id)
}
