// Parameters of each endpoint with a form or a query, and names of credentials. Pure: no I/O.
import { createSpeller } from '../text/spelling.ts'

const CLIENT = ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type']

/**
 * Parameters of each endpoint. Other names are ignored (RFC 6749 §3.2); misspellings of these are
 * refused.
 */
export const PARAMETERS = {
  /** RFC 6749 §4.4.2, RFC 8707 §2, RFC 9396 §6. */
  token: [
    'grant_type',
    ...CLIENT,
    'audience',
    'resource',
    'scope',
    'plugin_id',
    'authorization_details',
  ],
  /** RFC 7662 §2.1. */
  introspect: [...CLIENT, 'token', 'token_type_hint'],
  /** RFC 7009 §2.1. */
  revoke: [...CLIENT, 'token', 'token_type_hint'],
  revokeRun: [...CLIENT, 'identifier'],
  revocations: ['after', 'wait'],
} as const satisfies Record<string, readonly string[]>

export type FormEndpoint = 'token' | 'introspect' | 'revoke' | 'revokeRun'

const FORM_ENDPOINTS = ['token', 'introspect', 'revoke', 'revokeRun'] as const

/** Finds the parameter of an endpoint that a name misspells. */
export const SPELLERS = {
  token: createSpeller(PARAMETERS.token),
  introspect: createSpeller(PARAMETERS.introspect),
  revoke: createSpeller(PARAMETERS.revoke),
  revokeRun: createSpeller(PARAMETERS.revokeRun),
  revocations: createSpeller(PARAMETERS.revocations),
}

/** Parameters and members whose value is a credential, here or at another authorization server. */
export const CREDENTIALS = [
  'client_secret', // RFC 6749 §2.3.1
  'password', // RFC 6749 §4.3.2
  'refresh_token', // RFC 6749 §6
  'access_token', // RFC 6750 §2.3
  'token', // RFC 7009 §2.1, RFC 7662 §2.1
  'assertion', // RFC 7521 §4.1
  'client_assertion', // RFC 7521 §4.2
  'registration_access_token', // RFC 7592 §3
  'initial_access_token', // RFC 7591 §1.2
  'enrollment_token',
  'subject_token', // RFC 8693 §2.1
  'actor_token', // RFC 8693 §2.1
] as const

/** True for one of the names and for its misspellings. */
const isOneOf = (names: readonly string[]): ((name: string) => boolean) => {
  const exact = new Set(names)
  const spell = createSpeller(names)
  return (name) => exact.has(name) || spell(name) !== null
}

export const isCredential = isOneOf(CREDENTIALS)

/** True for a parameter of any form. */
export const isFormParameter = isOneOf(FORM_ENDPOINTS.flatMap((name) => PARAMETERS[name]))
