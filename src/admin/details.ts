// The authorization details that a client may ask for.
import { z } from 'zod'
import type { Client } from '../store/store.ts'
import { readClient, writeClient } from './clients.ts'
import { grantedDetails } from './fields.ts'
import { type AdminCall, auditedChange, parse } from './operation.ts'

export const detailsChange = z.strictObject({ authorization_details: grantedDetails })

const view = ({ details, etag }: Pick<Client, 'details' | 'etag'>) => ({
  authorization_details: details,
  etag,
})

export const showDetails = async (admin: AdminCall, clientId: string) =>
  view(await readClient(admin, clientId))

/** Replaces them all in one step. Tokens with what is no longer there die at once. */
export const setDetails = (
  admin: AdminCall,
  clientId: string,
  input: z.input<typeof detailsChange>,
) =>
  auditedChange(admin, 'client.details', clientId, async () => {
    const fields = parse(detailsChange, input)
    await writeClient(admin, clientId, () => fields)
    return await showDetails(admin, clientId)
  })
