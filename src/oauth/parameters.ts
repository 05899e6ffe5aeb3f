// The parameters of each endpoint that takes a form or a query. Pure: no I/O.
import { createSpeller } from '../text/spelling.ts'

const CLIENT = ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type']

/** What each endpoint knows: other names are ignored (RFC 6749 §3.2), other spellings of these are refused. */
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

/** Which known parameter of the endpoint a name spells in another way. */
export const SPELLERS = {
  token: createSpeller(PARAMETERS.token),
  introspect: createSpeller(PARAMETERS.introspect),
  revoke: createSpeller(PARAMETERS.revoke),
  revokeRun: createSpeller(PARAMETERS.revokeRun),
  revocations: createSpeller(PARAMETERS.revocations),
}

const ANY_FORM = new Set<string>(FORM_ENDPOINTS.flatMap((name) => PARAMETERS[name]))
const spellAnyForm = createSpeller([...ANY_FORM])

/** True for a parameter of any form, in any spelling: none of them belongs in a query. */
export const isFormParameter = (name: string): boolean =>
  ANY_FORM.has(name) || spellAnyForm(name) !== null
