// The OpenAPI document (3.1) of the admin API, made from the schemas that check its requests.
import { z } from 'zod'
import {
  type oas31,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
  createDocument,
} from 'zod-openapi'
import { ADMIN_READ, ADMIN_WRITE, DEFAULT_PAGE } from '../../constants.ts'
import { REFUSALS, type RefusalCode } from '../../errors.ts'
import { COMMON_CODES, OF_EVERY_BODY, OF_EVERY_WRITE } from './codes.ts'
import { explained } from './explained.ts'
import { type Endpoint, exportLineOf, isRead } from '../api/endpoint.ts'
import { namesIn } from '../api/path.ts'
import { problemSchema } from '../api/problem.ts'
import { BASE, ENDPOINTS, needsIfMatch } from '../api/table.ts'

/** @param issuer origin of the addresses */
export const openApiDocument = (issuer: string): oas31.OpenAPIObject =>
  explained(plainDocument(issuer))

const plainDocument = (issuer: string): oas31.OpenAPIObject =>
  createDocument({
    openapi: '3.1.1',
    info: {
      title: 'Latchkey administration',
      version: 'v1',
      description: INTRODUCTION,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: issuer + BASE }],
    tags: [...new Set(ENDPOINTS.map(tagOf))].map((name) => ({
      name,
      description: NOUNS[name] ?? name,
    })),
    security: [{ oauth2: [] }],
    components: {
      securitySchemes: {
        oauth2: {
          type: 'oauth2',
          description: 'A token for the audience `latchkey`.',
          flows: {
            clientCredentials: {
              tokenUrl: `${issuer}/oauth/token`,
              scopes: { [ADMIN_READ]: 'read everything', [ADMIN_WRITE]: 'change everything' },
            },
          },
        },
      },
    },
    paths: paths(),
  })

const INTRODUCTION = `Request a token with an administrator's credentials: \`POST /oauth/token\` with \`grant_type=client_credentials\` and \`audience=latchkey\`.

Ids in paths are percent-encoded. Every list accepts \`limit\` (default ${DEFAULT_PAGE}) and \`cursor\`. PUT, PATCH and DELETE require \`If-Match\` with the \`etag\` that was read, in double quotes. Refusals are problem details (RFC 9457) with a stable \`code\`.

An administrator that is bound to a workspace sees and changes that workspace only, and gives only what its own client has.`

const NOUNS: Readonly<Record<string, string>> = {
  workspaces: 'Tenants: each client belongs to one.',
  audiences: 'Resource servers that tokens are issued for, and the permissions of each.',
  plugins: 'Software that clients act for.',
  resources: 'Resources that authorization details name.',
  clients: 'Machines that request tokens, with their grants and secrets.',
  enrollments: 'Single-use tokens that become clients.',
  runs: 'Executions of an agent, and their end.',
  tokens: 'Issued tokens that are in the ledger.',
  revocations: 'Rules that revoke tokens before they expire.',
  keys: 'Keys that sign tokens.',
  audit: 'Events: changes, and refusals.',
  'dry-runs': 'Changes that are undone: what they would answer, and what they would end.',
  status: 'State of the server: process, database, keys, list, audit and ledger.',
}

const paths = (): ZodOpenApiPathsObject => {
  const byPath: Record<string, Record<string, ZodOpenApiOperationObject>> = {}
  for (const endpoint of ENDPOINTS) {
    const path = (byPath[endpoint.path] ??= {})
    path[endpoint.method] = operation(endpoint)
  }
  return byPath
}

/** The first segment of the address: a noun. */
export const tagOf = ({ path }: Pick<Endpoint, 'path'>): string => path.split('/')[1] ?? ''

/** `client.revoke_tokens` → `clientRevokeTokens`. */
export const operationId = ({ action }: Pick<Endpoint, 'action'>): string =>
  action.replaceAll(/[._](\w)/g, (_, letter: string) => letter.toUpperCase())

const operation = (endpoint: Endpoint): ZodOpenApiOperationObject => ({
  operationId: operationId(endpoint),
  summary: endpoint.summary,
  description: endpoint.description,
  tags: [tagOf(endpoint)],
  security: [{ oauth2: [isRead(endpoint) ? ADMIN_READ : ADMIN_WRITE] }],
  requestParams: {
    path: z.strictObject(
      Object.fromEntries(namesIn(endpoint.path).map((name) => [name, z.string()])),
    ),
    ...(endpoint.query && { query: endpoint.query }),
    ...(needsIfMatch(endpoint.method) && { header: ifMatchHeader }),
  },
  ...(endpoint.body && {
    requestBody: { required: true, content: { 'application/json': { schema: endpoint.body } } },
  }),
  responses: responses(endpoint),
})

const ifMatchHeader = z.strictObject({
  'If-Match': z.string().meta({
    description: 'The `etag` that was read, in double quotes. `*` matches any state.',
  }),
})

const etagHeader = z.string().optional().meta({ description: 'The `etag`, in double quotes.' })
const location = z.string().meta({ description: 'Address of the created row.' })

const responses = (endpoint: Endpoint): ZodOpenApiResponsesObject => {
  const ok = {
    description: endpoint.summary,
    content: contentOf(endpoint),
    headers: z.object({ ETag: etagHeader, ...(endpoint.location && { Location: location }) }),
  }
  const refused = refusalsOf(endpoint).map(([status, codes]) => [
    String(status),
    {
      description: codes.map((code) => `\`${code}\``).join(', '),
      content: { 'application/problem+json': { schema: problemSchema } },
    },
  ])
  return { [endpoint.location ? '201' : '200']: ok, ...Object.fromEntries(refused) }
}

const contentOf = ({ response }: Endpoint) => {
  const line = exportLineOf(response)
  return line === undefined
    ? { 'application/json': { schema: response } }
    : { 'application/x-ndjson': { schema: line } }
}

/** Codes that an endpoint can answer, by status: those of its method, and those of its operation. */
const refusalsOf = (endpoint: Endpoint): [status: number, codes: string[]][] => {
  const { method, path, refuses = [] } = endpoint
  const codes: RefusalCode[] = [
    'invalid_value',
    ...(path.includes('{') ? (['not_found'] as const) : []),
    ...(method === 'get' ? [] : OF_EVERY_BODY),
    ...(isRead(endpoint) ? [] : OF_EVERY_WRITE),
    ...(needsIfMatch(method) ? (['precondition_required'] as const) : []),
    ...refuses,
  ]
  const byStatus = new Map<number, string[]>()
  const add = (status: number, code: string) =>
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  for (const { status, code } of COMMON_CODES) add(status, code)
  for (const code of codes) add(REFUSALS[code][0], code)
  return [...byStatus].sort(([a], [b]) => a - b)
}
