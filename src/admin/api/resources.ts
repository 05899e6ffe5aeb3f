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
import { endpoint, pageOf } from './endpoint.ts'

export const resources = [
  endpoint({
    method: 'get',
    path: '/resources',
    action: 'resource.list',
    summary: 'List resources',
    description: 'Oldest first. A bound administrator sees the resources of its workspace.',
    query: resourceQuery,
    response: pageOf(resourceSchema),
    handle: (call, { query }) => listResources(call, query),
  }),
  endpoint({
    method: 'post',
    path: '/resources',
    action: 'resource.create',
    summary: 'Create a resource',
    description:
      'Authorization details can name it from now on. The id is unique for its type in all workspaces, and cannot be used again after it is deleted. A bound administrator creates only resources of an existing type.',
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
    summary: 'Show a resource',
    description: 'With its parts. A bound administrator sees the resources of its workspace.',
    response: resourceSchema,
    handle: (call, { type, id }) => showResource(call, { type, id }),
  }),
  endpoint({
    method: 'put',
    path: '/resources/{type}/{id}',
    action: 'resource.update',
    summary: 'Replace the parts of a resource',
    description:
      'A removed part is removed from every authorization detail that names it, and the tokens of those clients are revoked.',
    body: resourceChange,
    response: resourceSchema,
    handle: (call, { type, id, body }) => updateResource(call, { type, id }, body),
  }),
  endpoint({
    method: 'delete',
    path: '/resources/{type}/{id}',
    action: 'resource.delete',
    summary: 'Delete a resource, and every authorization detail that names it',
    description:
      'The tokens of the clients with such a detail are revoked. Clients keep their other details. The id cannot be used again.',
    response: deletedResourceSchema,
    handle: (call, { type, id }) => deleteResource(call, { type, id }),
  }),
]
