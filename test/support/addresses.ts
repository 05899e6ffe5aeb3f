// The addresses of the OAuth server by their kind, from its table.
import { type Endpoint, type Operation, operationsOf } from '../../src/oauth/endpoint.ts'
import { ENDPOINTS } from '../../src/oauth/table.ts'

const takesForm = ({ body }: Operation): boolean => body === 'form'

const FORM_ENDPOINTS = ENDPOINTS.filter((endpoint) =>
  operationsOf(endpoint).some(([, operation]) => takesForm(operation)),
)

/** Addresses that take a form, each with its parameters. */
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

/** Addresses that everybody may read without a body or a credential. */
export const PUBLIC_PATHS: readonly string[] = ENDPOINTS.filter(
  ({ authentication, caching }) => authentication === 'none' && caching !== 'no-store',
).map(({ path }) => path)

/** A form that each address takes from a client, apart from the credentials. */
export const GOOD_FORMS: Readonly<Record<string, Record<string, string>>> = {
  '/oauth/token': { grant_type: 'client_credentials' },
  '/oauth/introspect': { token: 'x' },
  '/oauth/revoke': { token: 'x' },
  '/oauth/runs/revoke': { identifier: 'run-1' },
}

/** The path of an address with an id for each name in it. */
export const pathTo = ({ path }: Pick<Endpoint, 'path'>, id = 'x'): string =>
  path.replace(/:\w+/, id)
