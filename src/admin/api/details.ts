// Authorization details of a client.
import { detailsChange, setDetails, showDetails } from '../details.ts'
import { clientDetailsSchema } from '../views/client.ts'
import { endpoint } from './endpoint.ts'

export const details = [
  endpoint({
    method: 'get',
    path: '/clients/{client_id}/authorization-details',
    action: 'client.show_details',
    summary: 'List the authorization details that a client may request',
    description:
      'RFC 9396, in the order in which they were granted. The `etag` is the etag of the client.',
    response: clientDetailsSchema,
    handle: (call, { client_id: id }) => showDetails(call, id),
  }),
  endpoint({
    method: 'put',
    path: '/clients/{client_id}/authorization-details',
    action: 'client.details',
    summary: 'Replace all authorization details of a client in one step',
    description:
      'Removing or narrowing a detail revokes the tokens of the client at once. `If-Match` has the `etag` of the client.',
    body: detailsChange,
    response: clientDetailsSchema,
    refuses: ['exceeds_own_grant', 'unknown_reference'],
    handle: (call, { client_id: id, body }) => setDetails(call, id, body),
  }),
]
