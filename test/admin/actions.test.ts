// Endpoints by their action, as the command line finds them.
import { expect, it } from 'vitest'
import { endpointOf } from '../../src/admin/api/actions.ts'
import { ENDPOINTS } from '../../src/admin/api/table.ts'

it.each(ENDPOINTS)('action $action leads to its endpoint', async (endpoint) => {
  expect(await endpointOf(endpoint.action as Parameters<typeof endpointOf>[0])).toBe(endpoint)
})
