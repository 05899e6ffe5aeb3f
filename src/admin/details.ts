// Authorization details that a client may request (RFC 9396).
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

export const showDetails = async (call: AdminCall, clientId: string) =>
  view(await readClient(call, clientId))

/** Replaces them all in one step. Tokens with a detail that is no longer granted are revoked at once. */
export const setDetails = (
  call: AdminCall,
  clientId: string,
  input: z.input<typeof detailsChange>,
) =>
  auditedChange(call, 'client.details', clientId, async (_, cause) => {
    const fields = parse(detailsChange, input)
    await writeClient(call, { id: clientId, cause }, () => fields)
    return await showDetails(call, clientId)
  })
