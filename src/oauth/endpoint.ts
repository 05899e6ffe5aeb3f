// One address of the OAuth server: the columns of its table. Pure: no I/O.
import type { AppContext, Deps } from '../deps.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** One method of an address. */
export type Operation = {
  /** The body that the handler reads. It decides which names the query must not have. */
  body: 'none' | 'form' | 'json'
  /**
   * Parameters of the form or, without a body, of the query. Other spellings of them are refused.
   */
  parameters?: readonly string[]
  handle: (deps: Deps) => (c: AppContext) => Response | Promise<Response>
}

export type Endpoint = {
  path: `/${string}`
  /** The rest of a sentence that begins with the address, for README. */
  documentation: string
  /** The credential that a request presents. The handler checks it. */
  authentication: 'none' | 'client' | 'enrollment token' | 'registration access token'
  /**
   * - `no-store`: no cache may keep the answer.
   * - `public`: caches keep the answer for the time that the handler gives; pages of any origin may
   *   read it.
   * - `validated`: the same, with an `ETag`.
   */
  caching: 'no-store' | 'public' | 'validated'
  /**
   * Members of the metadata documents (RFC 8414 §2) that have the address and its client
   * authentication.
   */
  metadata?: { address: string; authentication?: string }
  methods: Readonly<Partial<Record<Method, Operation>>>
}

/** The methods of an address, in the order of the table. */
export const operationsOf = ({ methods }: Endpoint): [Method, Operation][] =>
  Object.entries(methods) as [Method, Operation][]
