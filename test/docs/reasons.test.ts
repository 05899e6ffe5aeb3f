// docs/troubleshooting.md has a row for each reason and each field of the log line of a refusal, in
// their order.
import { expect, it } from 'vitest'
import {
  AUTHENTICATION_REASONS,
  ENROLLMENT_REASONS,
  INACTIVE_REASONS,
  LOG_FIELDS,
  REGISTRATION_REASONS,
} from '../../src/oauth/reasons.ts'
import { CODE_OF_REASON } from '../../src/verifier/reasons.ts'
import { readPage } from './support.ts'

const page = readPage('docs/troubleshooting.md')

type Reasons = Record<string, string | { code: string; means: string }>

const tableOf = (reasons: Reasons): string =>
  Object.entries(reasons)
    .map(([name, reason]) =>
      typeof reason === 'string'
        ? `| \`${name}\` | ${reason} |\n`
        : `| \`${name}\` | \`${reason.code}\` | ${reason.means} |\n`,
    )
    .join('')

it.each<[what: string, reasons: Reasons]>([
  ['fields of the log line', LOG_FIELDS],
  ['reasons of client authentication', AUTHENTICATION_REASONS],
  ['reasons of registration access tokens', REGISTRATION_REASONS],
  ['reasons of enrollment tokens', ENROLLMENT_REASONS],
  ['reasons of inactive tokens', INACTIVE_REASONS],
])('docs/troubleshooting.md has the table of the %s', (_, reasons) => {
  expect(page).toContain(`|---|\n${tableOf(reasons)}\n`)
})

/** Kinds and codes of the table of a resource server. */
const rows = [...page.matchAll(/^\| `(\w+)` \| `(\w+)` \| .* \| .*\|$/gm)].map(([, kind, code]) => [
  kind,
  code,
])

it('docs/troubleshooting.md has each reason of a resource server with its code, in their order', () => {
  expect(rows).toEqual(Object.entries(CODE_OF_REASON))
})
