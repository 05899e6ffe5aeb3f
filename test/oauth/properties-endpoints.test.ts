// Answers to arbitrary bytes: each endpoint answers with a status of its own, never with an error
// of the server.
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { FORM_PATHS } from '../support/addresses.ts'
import { anyText, bytes, formText, headerText, text } from '../support/arbitraries.ts'
import type { ClientCredentials } from '../support/records.ts'
import { FORM_TYPE, type TestServer, basic, startServer } from '../support/server.ts'

const RUNS = { numRuns: 300 }

describe('endpoint given arbitrary input', () => {
  let server: TestServer
  let client: ClientCredentials

  beforeAll(async () => {
    server = await startServer()
    await server.audience('docs', ['read'])
    client = await server.client({ grants: { docs: ['read'] } })
  })

  const body = fc.oneof(
    bytes,
    formText.map((input) => new TextEncoder().encode(input)),
    fc
      .array(
        fc.tuple(
          fc.constantFrom('scope', 'resource', 'plugin_id', 'token', 'identifier', 'x'),
          text,
        ),
      )
      .map((pairs) => `grant_type=client_credentials&${new URLSearchParams(pairs).toString()}`)
      .map((form) => new TextEncoder().encode(form)),
  )
  /** Undefined means the valid credentials. */
  const authorization = fc.option(
    fc.oneof(
      headerText.filter((s) => /^[\x20-\x7e\xa0-\xff]*$/.test(s)),
      bytes.map((b) => `Basic ${Buffer.from(b).toString('base64')}`),
    ),
    { nil: undefined },
  )

  test.each(FORM_PATHS)(
    '%s answers 200, 400, 401 or 413, and 200 only with valid credentials',
    async (path) => {
      const property = fc.asyncProperty(body, authorization, async (bytesSent, header) => {
        const response = await server.request(path, {
          method: 'POST',
          body: bytesSent,
          headers: { 'Content-Type': FORM_TYPE, Authorization: header ?? basic(client) },
        })
        expect([200, 400, 401, 413]).toContain(response.status)
        expect(response.headers.get('cache-control')).toBe('no-store')
        if (header !== undefined) expect(response.status).not.toBe(200)
      })
      await fc.assert(property, RUNS)
    },
  )

  test('/oauth/introspect answers active for the issued token alone', async () => {
    const token = await server.issue(client)
    const part = fc.constantFrom(...token.split('.'), '', 'e30', 'bnVsbA', '.')
    const built = fc.oneof(
      anyText,
      fc.array(part, { maxLength: 5 }).map((parts) => parts.join('.')),
    )
    const property = fc.asyncProperty(built, async (sent) => {
      if (sent.trim() === '' || sent.includes('\0')) return
      const { active } = await server.introspect(client, sent)
      expect(active).toBe(sent.trim() === token)
    })
    await fc.assert(property, RUNS)
  })
})
