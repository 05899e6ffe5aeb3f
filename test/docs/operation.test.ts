// docs/operation.md has the bounds of settings that the code has.
import { expect, it } from 'vitest'
import { MAX_TOKEN_TTL_SECONDS, MIN_TOKEN_TTL_SECONDS } from '../../src/constants.ts'
import { readPage } from './support.ts'

it('docs/operation.md has both bounds of the lifetime of a token', () => {
  const row = /^\| `LATCHKEY_TOKEN_TTL` \|.*$/m.exec(readPage('docs/operation.md'))?.[0]
  expect(row).toContain(`Seconds, ${MIN_TOKEN_TTL_SECONDS} to ${MAX_TOKEN_TTL_SECONDS},`)
})
