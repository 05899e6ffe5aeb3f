import { z } from 'zod'
import { DEFAULT_PREVIOUS_EXPIRES_IN_SECONDS } from '../constants.ts'
import { newClientSecret } from '../secret.ts'
import { readClient } from './clients.ts'
import { expiresIn, name, previousExpiresIn } from './fields.ts'
import { type Admin, change, found, now, parse } from './operation.ts'
import { secretView } from './views.ts'

const newSecret = z.strictObject({
  name: name.nullish(),
  expires_in: expiresIn.nullish(),
  previous_expires_in: previousExpiresIn.optional(),
})

export type NewSecretInput = z.input<typeof newSecret>

export const listSecrets = async (admin: Admin, clientId: string) => {
  await readClient(admin, clientId)
  return (await admin.deps.store.listSecrets(clientId, now(admin))).map(secretView)
}

/** Adds a secret and lets the others end; the new one is shown this once. */
export const addSecret = (admin: Admin, clientId: string, input: NewSecretInput) =>
  change(admin, 'secret.add', clientId, async () => {
    const fields = parse(newSecret, input)
    await readClient(admin, clientId)
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
export const revokeSecret = (admin: Admin, clientId: string, secretId: string) =>
  change(admin, 'secret.revoke', clientId, async () => {
    await readClient(admin, clientId)
    const live = await admin.deps.store.listSecrets(clientId, now(admin))
    const secret = live.find(({ id }) => id === secretId) ?? null
    found(secret, `live secret of client ${clientId} with the id`, secretId)
    await admin.deps.store.revokeSecret(clientId, secretId, now(admin))
    return { secret_id: secretId, client_id: clientId, revoked: true }
  })
