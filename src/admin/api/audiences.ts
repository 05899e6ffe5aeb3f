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
import { endpoint, pageOf } from './endpoint.ts'

export const audiences = [
  endpoint({
    method: 'get',
    path: '/audiences',
    action: 'audience.list',
    summary: 'List audiences',
    description:
      'Oldest first. A bound administrator sees the audiences that its own client has a grant for.',
    query: audienceQuery,
    response: pageOf(audienceSchema),
    handle: (call, { query }) => listAudiences(call, query),
  }),
  endpoint({
    method: 'post',
    path: '/audiences',
    action: 'audience.create',
    summary: 'Create an audience',
    description:
      'Only for unbound administrators. `algorithm` is one of `LATCHKEY_ALGORITHMS`, by default RS256. A permission without `implies` implies no other one.',
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
    summary: 'Show an audience',
    description:
      'With its permissions, and the permissions that each one implies directly. A bound administrator sees the audiences that its own client has a grant for.',
    response: audienceSchema,
    handle: (call, { id }) => showAudience(call, id),
  }),
  endpoint({
    method: 'patch',
    path: '/audiences/{id}',
    action: 'audience.update',
    summary: 'Change an audience',
    description:
      'Members that are left out keep their values. `permissions` replaces the whole list. Removing a permission or an implication revokes the tokens of the clients that had it; requiring a plugin revokes the tokens of all clients of the audience.',
    body: audienceChange,
    response: audienceSchema,
    refuses: ['unbound_required', 'last_administrator'],
    handle: (call, { id, body }) => updateAudience(call, id, body),
  }),
]
