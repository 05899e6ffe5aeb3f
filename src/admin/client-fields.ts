// Input of the operations on clients: filters, a new client, a change. Pure: no I/O.
import { z } from 'zod'
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
import { pageFields } from './pages.ts'

const TIGHTER = 'Only an unbound administrator may raise or remove this limit.'

const settings = {
  plugins: listOf(chosenId).optional(),
  grants: grants.optional(),
  introspects: listOf(audienceId).optional(),
  authorization_details: grantedDetails.optional(),
  token_ttl: tokenTtl
    .nullish()
    .meta({ description: `Seconds; null: the lifetime of the audience. ${TIGHTER}` }),
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
      .meta({ description: 'Workspace of the client. Null creates an unbound administrator.' }),
    create_plugins: z.boolean().optional().meta({
      description: 'Create the plugins that do not exist, with the trust tier restricted.',
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
