import { z } from 'zod'
import { DEFAULT_PREVIOUS_EXPIRES_IN_SECONDS } from '../constants.ts'
import { newClientSecret } from '../secret.ts'
import type { ClientSecret } from '../store/store.ts'
import { readClient } from './clients.ts'
import { expiresIn, name, previousExpiresIn } from './fields.ts'
import { orNotFound } from './refusals.ts'
import { type AdminCall, auditedChange, now, parse, parseQuery, checkIfMatch } from './operation.ts'
import { pageFields, pageOfRows } from './pages.ts'
import { secretView } from './views.ts'
import { checkWorth } from './worth.ts'

export const secretQuery = z.strictObject({ ...pageFields, name: name.optional() })
export const newSecret = z
  .strictObject({
    name: name.nullish(),
    expires_in: expiresIn.nullish().meta({ description: 'Seconds; null: it does not end.' }),
    previous_expires_in: previousExpiresIn
      .optional()
      .meta({ description: 'When the others end, in seconds; 24 hours where it is not said.' }),
  })
  .meta({ id: 'NewSecret' })

/** The live ones, newest first. */
export const listSecrets = async (
  admin: AdminCall,
  clientId: string,
  query: z.input<typeof secretQuery> = {},
) => {
  const { name: wanted, ...page } = parseQuery(secretQuery, query)
  const rows = (await readSecrets(admin, clientId)).filter(
    (row) => wanted === undefined || row.name === wanted,
  )
  return await pageOfRows(
    { ...page, list: `secrets ${clientId}` },
    { rows, newestFirst: true, view: secretView },
  )
}

export const showSecret = async (admin: AdminCall, clientId: string, secretId: string) =>
  secretView(await readSecret(admin, clientId, secretId))

/**
 * Adds a secret and lets the others end; the new one is shown this once. Whoever has it can do what the client
 * can, so it is not made for those who could not give that.
 */
export const addSecret = (admin: AdminCall, clientId: string, input: z.input<typeof newSecret>) =>
  auditedChange(admin, 'secret.add', clientId, async () => {
    const fields = parse(newSecret, input)
    await checkWorth(admin, await readClient(admin, clientId))
    const at = now(admin)
    const secret = newClientSecret(admin.deps.random, {
      name: fields.name ?? null,
      expiresAt: fields.expires_in ? at + fields.expires_in : null,
    })
    const previousExpiresAt =
      at + (fields.previous_expires_in ?? DEFAULT_PREVIOUS_EXPIRES_IN_SECONDS)
    await admin.deps.store.addSecret(clientId, secret.row, previousExpiresAt, at)
    const row = { ...secret.row, clientId, createdAt: at, revokedAt: null, lastUsedAt: null }
    return { ...secretView(row), client_secret: secret.text }
  })

/** Ends one at once. Tokens that it got live on: `client revoke-tokens` takes those. */
export const revokeSecret = (admin: AdminCall, clientId: string, secretId: string) =>
  auditedChange(admin, 'secret.revoke', clientId, async () => {
    const { etag } = await showSecret(admin, clientId, secretId)
    checkIfMatch(admin, { etag })
    await admin.deps.store.revokeSecret(clientId, secretId, now(admin))
    return { secret_id: secretId, client_id: clientId, revoked: true as const }
  })

const readSecrets = async (admin: AdminCall, clientId: string): Promise<ClientSecret[]> => {
  await readClient(admin, clientId)
  return await admin.deps.store.listSecrets(clientId, now(admin))
}

const readSecret = async (
  admin: AdminCall,
  clientId: string,
  id: string,
): Promise<ClientSecret> => {
  const live = await readSecrets(admin, clientId)
  const secret = live.find((row) => row.id === id) ?? null
  return orNotFound(secret, `live secret of client ${clientId} with the id`, id)
}
