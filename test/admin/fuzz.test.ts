// Random requests from the OpenAPI document: every answer is one that the document names.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Caller, BOTH, expectProblem, startAdminApi } from '../support/admin-api.ts'
import { type Operation, operationAt } from '../support/openapi.ts'
import { type RandomRequest, randomRequest } from '../support/schema-arbitraries.ts'

/** Seed of the requests, the same in every run unless FUZZ_SEED=… changes it. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_101)
/** Requests for each operation. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 14)
/** Placeholder for a token that exists. */
const TOKEN = 'TOKEN'
const WORDS = ['acme', 'globex', 'default', 'docs', 'other', 'hook', 'read', 'write', 'use', TOKEN]
const RESOURCES = ['playlist', 'evening', 'lobby', '*']
const PLUGINS = ['p-acme', 'p-globex', 'p-made', 'https://a.example/x', 'ES256', 'RS256']

const api = await startAdminApi()
const { server } = api
const { unbound } = api.callers

const playlist = { type: 'playlist', id: 'evening', workspaceId: 'acme', parts: ['lobby'] }
await server.store.createResource(playlist, server.seconds())

type Random = RandomRequest & { isBound: boolean }

const randomOf = (operation: Operation): fc.Arbitrary<Random> =>
  fc
    .tuple(randomRequest(operation, [...WORDS, ...PLUGINS, ...RESOURCES]), fc.boolean())
    .map(([request, isBound]) => ({ ...request, isBound }))

/**
 * Returns the existing ids for the first word of an address. Clients come in the order of their
 * creation.
 */
const existing = async (noun: string): Promise<string[]> => {
  if (noun === 'clients') return clientIds()
  if (noun === 'runs') return (await server.store.listClosedRuns()).map(named)
  if (noun === 'revocations') return (await server.store.listRevocations()).map(numbered)
  if (noun === 'audit') return ['1', '2', '3']
  if (noun === 'tokens') return issuedIds()
  if (noun === 'keys') return (await server.store.listKeys()).map(({ kid }) => kid)
  const rows = {
    workspaces: () => server.store.listWorkspaces(),
    audiences: () => server.store.listAudiences(),
    plugins: () => server.store.listPlugins(),
    resources: () => server.store.listResources(),
    enrollments: () => server.store.listEnrollments(),
  }[noun]
  return ((await rows?.()) ?? []).map(({ id }) => id)
}

const named = ({ identifier }: { identifier: string }) => encodeURIComponent(identifier)
const numbered = ({ seq }: { seq: number }) => String(seq)

/** Ids of the tokens in the ledger. */
const issuedIds = async (): Promise<string[]> =>
  ((await server.deps.ledger?.list({}, server.seconds())) ?? []).map(({ jti }) => jti)

/** Client ids are random: the order of rows keeps the choice the same in every run. */
const clientIds = (): string[] =>
  server
    .query(`select id from clients where status <> 'deleted' order by rowid`)
    .map(({ id }) => String(id))

const addressOf = async ({ operation, ids, chosen }: Random): Promise<string> => {
  const [, noun = ''] = operation.path.split('/')
  const there = await existing(noun)
  const id = ids[0] ?? encodeURIComponent(there[chosen % there.length] ?? 'none')
  const secrets = await server.store.listSecrets(id, server.seconds())
  const secret = ids[1] ?? secrets[chosen % secrets.length]?.id ?? 'none'
  return operation.path
    .replace('{secret_id}', () => secret)
    .replace('{type}', () => 'playlist')
    .replace(/\{\w+\}/, () => id)
}

/** The requests remove bound administrators. A new one replaces each. */
let bound = api.callers.bound
const boundCaller = async (): Promise<Caller> => {
  await server.setWorkspaceStatus('acme', 'active')
  const { status } = await server.requestToken(bound.form, { basic: bound.client })
  if (status === 200) return bound
  const grants = { latchkey: BOTH, docs: ['read'] }
  bound = { ...bound, client: await server.client({ workspaceId: 'acme', grants }) }
  return bound
}

const etagHeader = async (
  { ifMatch }: Random,
  address: string,
): Promise<Record<string, string>> => {
  if (ifMatch === 'absent') return {}
  if (ifMatch !== 'right') return { 'If-Match': ifMatch === 'any' ? '*' : '"wrong"' }
  const { headers } = await api.call(unbound, 'GET', address)
  return { 'If-Match': headers.get('etag') ?? '"none"' }
}

const answered = new Map<string, Set<number>>()

const check = async (random: Random): Promise<void> => {
  const { operation, query, body } = random
  const address = await addressOf(random)
  const caller = random.isBound ? await boundCaller() : unbound
  const headers = await etagHeader(random, address)
  const token = await api.tokenOf(caller)
  const text = body?.replaceAll(`"${TOKEN}"`, `"${token}"`)
  const path = query === '' ? address : `${address}?${query}`
  // The client of these tests compares each answer with the document.
  const answer = await api.callWith(token, operation.method, path, text, headers)
  expect(answer.status).toBeLessThan(500)
  if (answer.status >= 400) expectProblem(answer, answer.status, String(answer.body['code']))
  if (operationAt(api.operations, operation.method, address) === operation) {
    const statuses = answered.get(operation.id) ?? new Set()
    answered.set(operation.id, statuses.add(answer.status))
  }
  const { client_id: id, client_secret: secret } = answer.body
  if (id === unbound.client.id && typeof secret === 'string') unbound.client.secret = secret
}

test(`API answers random requests as documented (seed ${SEED})`, { timeout: 120_000 }, async () => {
  for (const operation of api.operations) {
    const property = fc.asyncProperty(randomOf(operation), check)
    await fc.assert(property, { seed: SEED, numRuns: RUNS, endOnFailure: true })
  }
  expect((await api.call(unbound, 'GET', '/clients')).status).toBe(200)
  const made = await api.call(unbound, 'POST', '/clients', { name: 'after all' })
  expect(made.status).toBe(201)
  // The property shows something only when requests succeed.
  const succeeded = [...answered].filter(([, statuses]) => statuses.has(200) || statuses.has(201))
  expect(succeeded.length).toBeGreaterThan(api.operations.length * 0.8)
})
