// Checks that hold for every answer of the OAuth endpoints.
import { expect } from 'vitest'

export type Refusal = readonly [status: number, error: string, code: string]

export const INVALID_CLIENT: Refusal = [401, 'invalid_client', 'client_authentication_failed']

/** Checks that no cache stores the answer (RFC 6749 §5.1) and that no web page may read it. */
export const expectPrivate = (response: Response): void => {
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('pragma')).toBe('no-cache')
  expect(response.headers.get('access-control-allow-origin')).toBeNull()
}

/** Checks a refusal (RFC 6749 §5.2) with its `code`: no credential, a challenge on 401 only, no further member. */
export const expectRefusal = async (
  response: Response,
  refusal: Refusal,
  challenge = 'Basic realm="latchkey"',
): Promise<void> => {
  const [status, error, code] = refusal
  const text = await response.text()
  expect({ status: response.status, body: JSON.parse(text) as unknown }).toEqual({
    status,
    body: {
      error,
      code,
      error_description: expect.stringMatching(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/) as unknown,
    },
  })
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(response.headers.get('www-authenticate')).toBe(status === 401 ? challenge : null)
  expectPrivate(response)
  expect(text + JSON.stringify([...response.headers])).not.toMatch(/lk[cs]_/)
}

/** Challenges of an endpoint that requires a bearer token (RFC 6750 §3). */
export const BARE = 'Bearer'
export const INVALID_TOKEN = 'Bearer error="invalid_token"'

/** All that a client sees of an answer, without values that differ for every request. */
export const visible = async (response: Response) => ({
  status: response.status,
  headers: [...response.headers].filter(([name]) => name !== 'x-request-id' && name !== 'date'),
  body: await response.text(),
})
