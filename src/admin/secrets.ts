import { z } from 'zod'
import { DEFAULT_PREVIOUS_EXPIRES_IN_SECONDS } from '../constants.ts'
import { newClientSecret } from '../secret.ts'
import type { ClientSecret } from '../store/store.ts'
import { readClient } from './clients.ts'
import { expiresIn, name, previousExpiresIn } from './fields.ts'
import { orNotFound } from './refusals.ts'
import { type AdminCall, auditedChange, now, parse, parseQuery, checkIfMatch } from './operation.ts'
import { pageFields, pageOfRows } from './pages.ts'
import { secretView } from './views/secret.ts'
import { checkWithinOwnGrant } from './escalation.ts'

export const secretQuery = z.strictObject({ ...pageFields, name: name.optional() })
export const newSecret = z
  .strictObject({
    name: name.nullish(),
    expires_in: expiresIn.nullish().meta({ description: 'Seconds; null: it does not expire.' }),
    previous_expires_in: previousExpiresIn
      .optional()
      .meta({ description: 'Seconds until the others expire.' }),
  })
  .meta({ id: 'NewSecret' })

/** Lists live secrets, newest first. */
export const listSecrets = async (
  call: AdminCall,
  clientId: string,
  query: z.input<typeof secretQuery> = {},
) => {
  const { name: wantedName, ...page } = parseQuery(secretQuery, query)
  const rows = (await readSecrets(call, clientId)).filter(
    (row) => wantedName === undefined || row.name === wantedName,
  )
  return await pageOfRows(
    { ...page, list: `secrets ${clientId}` },
    { rows, newestFirst: true, view: secretView },
  )
}

export const showSecret = async (call: AdminCall, clientId: string, secretId: string) =>
  secretView(await readSecret(call, clientId, secretId))

/**
 * Adds a secret and sets when the others expire. The answer contains the new one, and no later answer does. It gives
 * access to everything that the client has, so the administrator must be able to give all of that.
 */
export const addSecret = (call: AdminCall, clientId: string, input: z.input<typeof newSecret>) =>
  auditedChange(call, 'secret.add', clientId, async () => {
    const fields = parse(newSecret, input)
    await checkWithinOwnGrant(call, await readClient(call, clientId))
    const at = now(call)
    const secret = newClientSecret(call.deps.random, {
      name: fields.name ?? null,
      expiresAt: fields.expires_in ? at + fields.expires_in : null,
    })
    const previousExpiresAt =
      at + (fields.previous_expires_in ?? DEFAULT_PREVIOUS_EXPIRES_IN_SECONDS)
    await call.deps.store.addSecret(clientId, secret.row, previousExpiresAt, at)
    const row = { ...secret.row, clientId, createdAt: at, revokedAt: null, lastUsedAt: null }
    return { ...secretView(row), client_secret: secret.text }
  })

/** Revokes a secret at once. Tokens that were issued for it stay valid: `client revoke-tokens` revokes those. */
export const revokeSecret = (call: AdminCall, clientId: string, secretId: string) =>
  auditedChange(call, 'secret.revoke', clientId, async () => {
    const { etag } = await showSecret(call, clientId, secretId)
    checkIfMatch(call, { etag })
    await call.deps.store.revokeSecret(clientId, secretId, now(call))
    return { secret_id: secretId, client_id: clientId, revoked: true as const }
  })

const readSecrets = async (call: AdminCall, clientId: string): Promise<ClientSecret[]> => {
  await readClient(call, clientId)
  return await call.deps.store.listSecrets(clientId, now(call))
}

const readSecret = async (call: AdminCall, clientId: string, id: string): Promise<ClientSecret> => {
  const live = await readSecrets(call, clientId)
  const secret = live.find((row) => row.id === id) ?? null
  return orNotFound(secret, `live secret of client ${clientId} with the id`, id)
}
