// Endpoints by their action, as the command line finds them.
import { expect, it } from 'vitest'
import { type Action, endpointOf } from '../../src/admin/api/actions.ts'
import { ADDRESSES } from '../../src/admin/api/addresses.ts'
import { ENDPOINTS } from '../../src/admin/api/table.ts'

it.each(ENDPOINTS)('action $action leads to its endpoint', async (endpoint) => {
  expect(await endpointOf(endpoint.action as Action)).toBe(endpoint)
})

it('each action has the address of its endpoint', () => {
  const addresses = ENDPOINTS.map(({ action, method, path }) => [
    action,
    `${method.toUpperCase()} ${path}`,
  ])
  expect(ADDRESSES).toEqual(Object.fromEntries(addresses))
})
