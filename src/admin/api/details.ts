// Authorization details of a client.
import { detailsChange, setDetails, showDetails } from '../details.ts'
import { clientDetailsSchema } from '../views/client.ts'
import { type Endpoint, endpoint } from './endpoint.ts'

export const details: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/clients/{client_id}/authorization-details',
    action: 'client.show_details',
    summary: 'The authorization details that it may ask for',
    description:
      'RFC 9396, in the order in which they were granted. The `etag` is that of the client.',
    response: clientDetailsSchema,
    handle: (call, { client_id: id }) => showDetails(call, id),
  }),
  endpoint({
    method: 'put',
    path: '/clients/{client_id}/authorization-details',
    action: 'client.details',
    summary: 'Replace them all in one step',
    description:
      'Tokens with what is no longer granted die at once. `If-Match` is that of the client.',
    body: detailsChange,
    response: clientDetailsSchema,
    refuses: ['exceeds_own_grant', 'unknown_reference'],
    handle: (call, { client_id: id, body }) => setDetails(call, id, body),
  }),
]
