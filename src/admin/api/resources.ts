// Resources that authorization details name.
import {
  createResource,
  deleteResource,
  listResources,
  newResource,
  resourceChange,
  resourceQuery,
  showResource,
  updateResource,
} from '../resources.ts'
import { deletedResourceSchema, resourceSchema } from '../views/resource.ts'
import { type Endpoint, endpoint, pageOf } from './endpoint.ts'

export const resources: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/resources',
    action: 'resource.list',
    summary: 'All resources',
    description: 'Oldest first. A bound administrator sees those of its workspace.',
    query: resourceQuery,
    response: pageOf(resourceSchema),
    handle: (call, { query }) => listResources(call, query),
  }),
  endpoint({
    method: 'post',
    path: '/resources',
    action: 'resource.create',
    summary: 'Make a resource',
    description:
      'Authorization details can name it from now on. The id is unique for its type over all workspaces and never used again. A bound administrator adds resources of types that exist.',
    body: newResource,
    response: resourceSchema,
    location: ({ type, id }) => `/resources/${encodeURIComponent(type)}/${encodeURIComponent(id)}`,
    refuses: ['unbound_required', 'already_exists', 'unknown_reference'],
    handle: (call, { body }) => createResource(call, body),
  }),
  endpoint({
    method: 'get',
    path: '/resources/{type}/{id}',
    action: 'resource.show',
    summary: 'One resource',
    description: 'With its parts. A bound administrator sees those of its workspace.',
    response: resourceSchema,
    handle: (call, { type, id }) => showResource(call, { type, id }),
  }),
  endpoint({
    method: 'put',
    path: '/resources/{type}/{id}',
    action: 'resource.update',
    summary: 'Replace its parts',
    description:
      'A part that is taken away is taken from every detail that names it; their tokens die.',
    body: resourceChange,
    response: resourceSchema,
    handle: (call, { type, id, body }) => updateResource(call, { type, id }, body),
  }),
  endpoint({
    method: 'delete',
    path: '/resources/{type}/{id}',
    action: 'resource.delete',
    summary: 'Remove it for good, with every detail that points at it and their tokens',
    description: 'Clients keep their other details. The id is never used again.',
    response: deletedResourceSchema,
    handle: (call, { type, id }) => deleteResource(call, { type, id }),
  }),
]
