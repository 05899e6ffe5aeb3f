// Addresses of the OAuth server by kind, from its endpoint table.
import { type Endpoint, type Operation, operationsOf } from '../../src/oauth/endpoint.ts'
import { ENDPOINTS } from '../../src/oauth/table.ts'

const takesForm = ({ body }: Operation): boolean => body === 'form'

const FORM_ENDPOINTS = ENDPOINTS.filter((endpoint) =>
  operationsOf(endpoint).some(([, operation]) => takesForm(operation)),
)

/** Addresses that accept a form, each with its parameters. */
export const FORM_PARAMETERS = FORM_ENDPOINTS.flatMap((endpoint) =>
  operationsOf(endpoint).map(
    ([, { parameters = [] }]): [path: string, names: readonly string[]] => [
      endpoint.path,
      parameters,
    ],
  ),
)

export const FORM_PATHS: readonly string[] = FORM_ENDPOINTS.map(({ path }) => path)

/** Addresses of the documents that have an `ETag`. */
export const DOCUMENT_PATHS: readonly string[] = ENDPOINTS.filter(
  ({ caching }) => caching === 'validated',
).map(({ path }) => path)

/** Addresses that a client reads without a body or a credential. */
export const PUBLIC_PATHS: readonly string[] = ENDPOINTS.filter(
  ({ authentication, caching }) => authentication === 'none' && caching !== 'no-store',
).map(({ path }) => path)

/** A form that each address accepts from a client; the credentials are separate. */
export const GOOD_FORMS: Readonly<Record<string, Record<string, string>>> = {
  '/oauth/token': { grant_type: 'client_credentials' },
  '/oauth/introspect': { token: 'x' },
  '/oauth/revoke': { token: 'x' },
  '/oauth/runs/revoke': { identifier: 'run-1' },
}

/** The path of an address, with `id` in place of its parameter. */
export const pathTo = ({ path }: Pick<Endpoint, 'path'>, id = 'x'): string =>
  path.replace(/:\w+/, id)
