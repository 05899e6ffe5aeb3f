// Audiences: resource servers and their permissions.
import {
  audienceChange,
  audienceQuery,
  createAudience,
  listAudiences,
  newAudience,
  showAudience,
  updateAudience,
} from '../audiences.ts'
import { audienceSchema } from '../views/audience.ts'
import { type Endpoint, endpoint, pageOf } from './endpoint.ts'

export const audiences: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/audiences',
    action: 'audience.list',
    summary: 'All audiences',
    description:
      'Oldest first. A bound administrator sees those that its own client has a grant for.',
    query: audienceQuery,
    response: pageOf(audienceSchema),
    handle: (call, { query }) => listAudiences(call, query),
  }),
  endpoint({
    method: 'post',
    path: '/audiences',
    action: 'audience.create',
    summary: 'Make an audience',
    description:
      'Only for unbound administrators. `algorithm` is one that `LATCHKEY_ALGORITHMS` lists, RS256 where it is left out; a permission without `implies` implies none.',
    body: newAudience,
    response: audienceSchema,
    location: ({ id }) => `/audiences/${encodeURIComponent(id)}`,
    refuses: ['unbound_required', 'already_exists'],
    handle: (call, { body }) => createAudience(call, body),
  }),
  endpoint({
    method: 'get',
    path: '/audiences/{id}',
    action: 'audience.show',
    summary: 'One audience',
    description:
      'With its permissions and what each implies directly. A bound administrator sees those that its own client has a grant for.',
    response: audienceSchema,
    handle: (call, { id }) => showAudience(call, id),
  }),
  endpoint({
    method: 'patch',
    path: '/audiences/{id}',
    action: 'audience.update',
    summary: 'Change what is given',
    description:
      'Permissions are replaced as a whole. Taking a permission or an implication away, or needing a plugin from now on, kills the tokens of the clients that had it.',
    body: audienceChange,
    response: audienceSchema,
    refuses: ['unbound_required', 'last_administrator'],
    handle: (call, { id, body }) => updateAudience(call, id, body),
  }),
]
