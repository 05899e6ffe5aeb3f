// Sentence about a refused value: it repeats the value, except for a member whose value may be a
// secret.
import { describe, expect, it } from 'vitest'
import { sentText, withSent } from '../src/text/field-sentences.ts'

/** A short value that resembles no secret: only the name of the member marks it. */
const VALUE = 'hunter2'
const MUST = 'must be shorter'

const HIDDEN = [
  'secret',
  'client_secret',
  'clientSecret',
  'CLIENT_SECRET',
  'secrets',
  'token',
  'access_token',
  'registration_access_token',
  'token_type_hint',
  'id_token',
  'api_key',
  'apiKey',
  'private_key',
  'keys',
  'jwk',
  'jwks',
  'jwks_uri',
  'credential',
  'credentials',
  'password',
  'db_password',
  'client_assertion',
  'assertion',
]
const SHOWN = ['name', 'token_ttl', 'token_endpoint_auth_method', 'limit', 'kid', 'scope', 'parts']

const PATHS = (name: string): PropertyKey[][] => [
  [name],
  ['authorization_details', 0, name],
  [name, 0],
  [name, 'value'],
]

describe('member whose value may be a secret', () => {
  it.each(HIDDEN)('%s has its value hidden', (name) => {
    for (const path of PATHS(name)) {
      expect(sentText(path, VALUE)).toBeUndefined()
      expect(sentText(path, [VALUE, 7])).toBeUndefined()
      for (const value of [VALUE, 1234, [VALUE], { [name]: VALUE }, '', ' ']) {
        expect(withSent(MUST, { path, code: 'invalid_type' }, value)).toBe(MUST)
      }
    }
  })

  it.each(HIDDEN)('%s shows true and false, which are no secrets', (name) => {
    expect(withSent(MUST, { path: [name], code: 'custom' }, true)).toBe(`${MUST}, not true`)
  })
})

describe('member of another name', () => {
  it.each(SHOWN)('%s has its value repeated', (name) => {
    for (const path of PATHS(name)) {
      expect(sentText(path, VALUE)).toBe(VALUE)
      expect(sentText(path, [VALUE, 7])).toBe(`[${VALUE} 7]`)
      expect(withSent(MUST, { path, code: 'custom' }, VALUE)).toBe(`${MUST}, not ${VALUE}`)
      expect(withSent(MUST, { path, code: 'custom' }, '')).toBe(`${MUST}, not empty`)
    }
  })
})
