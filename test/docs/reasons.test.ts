// docs/troubleshooting.md has a row for each reason and each field of the log line of a refusal, in
// their order, and names each reason in the entry of its code.
import { describe, expect, it } from 'vitest'
import {
  AUTHENTICATION_REASONS,
  ENROLLMENT_REASONS,
  INACTIVE_REASONS,
  LOG_FIELDS,
  REGISTRATION_REASONS,
  clientRefusal,
} from '../../src/oauth/reasons.ts'
import type { GrantedClient } from '../../src/store/store.ts'
import { CODE_OF_REASON } from '../../src/verifier/reasons.ts'
import { filesBelow, readPage } from './support.ts'
import { entriesIn, page, placeOf, sectionOf } from './troubleshooting.ts'

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

type Named = { name: string; code: string }

const KINDS = Object.entries(CODE_OF_REASON).map(([name, code]): Named => ({ name, code }))

const SERVER_REASONS = [AUTHENTICATION_REASONS, REGISTRATION_REASONS, ENROLLMENT_REASONS].flatMap(
  (reasons) => Object.entries(reasons).map(([name, { code }]): Named => ({ name, code })),
)

/** Clients whose token is refused although it is valid, one for each reason. */
const REFUSED_CLIENTS = [
  null,
  { status: 'deleted', workspace: null },
  { status: 'disabled', workspace: null },
  { status: 'active', workspace: { status: 'suspended' } },
  { status: 'active', workspace: null },
] as (GrantedClient | null)[]

/** Reasons for which the admin API answers `token_revoked` to a valid token. */
const ADMINISTRATOR_REASONS = REFUSED_CLIENTS.map((client): Named => ({
  name: clientRefusal(client),
  code: 'token_revoked',
}))

/** The place of the reason in each entry of some sections, by code. */
const placesIn = (...titles: string[]): Record<string, string> =>
  Object.fromEntries(
    titles.flatMap((title) =>
      entriesIn(sectionOf(title)).map((entry) => [entry.code, placeOf(entry)]),
    ),
  )

/** Names that an entry has although they belong to other codes. */
const misplaced = (places: Record<string, string>, all: readonly Named[]): string[] =>
  Object.entries(places).flatMap(([code, place]) => {
    const own = new Set(all.filter((one) => one.code === code).map(({ name }) => name))
    const named = all.filter(({ name }) => place.includes(`\`${name}\``))
    return named.filter(({ name }) => !own.has(name)).map(({ name }) => `${code}: ${name}`)
  })

/** Messages of the log lines that the source writes. */
const logMessages = filesBelow('src', '.ts').flatMap((path) =>
  [...readPage(path).matchAll(/\blog\.\w+\(\s*(?:\w+|\{[^]{0,300}?\}),\s*'([^'\n]+)'/g)].map(
    ([, message = '']) => message,
  ),
)

const namedLines = entriesIn(page).flatMap((entry) =>
  [...placeOf(entry).matchAll(/\blog line `([^`]+)`/g)].map(([, message = '']) => message),
)

describe('place of the reason in docs/troubleshooting.md', () => {
  const ofServer = placesIn(
    'Token endpoint and the other forms',
    'Enrollment and self-management',
    'Every address',
  )
  const ofVerifier = placesIn('Resource servers')

  it.each(KINDS)('has the kind $name in the entry of $code', ({ name, code }) => {
    expect(ofVerifier[code]).toContain(`\`${name}\``)
  })

  it.each(SERVER_REASONS)('has the reason $name in the entry of $code', ({ name, code }) => {
    expect(ofServer[code]).toContain(`\`${name}\``)
  })

  it.each(ADMINISTRATOR_REASONS)(
    'has the reason $name of an administrator in the entry of $code',
    ({ name, code }) => {
      expect(ofVerifier[code]).toContain(`\`${name}\``)
    },
  )

  it('has no kind and no reason of another code', () => {
    expect(misplaced(ofServer, SERVER_REASONS)).toEqual([])
    expect(misplaced(ofVerifier, [...KINDS, ...ADMINISTRATOR_REASONS])).toEqual([])
  })

  it('entry of a resource server names error.reason, and no other entry does', () => {
    const isOfVerifier = (place: string): boolean => place.startsWith('`error.reason` has the')
    expect(Object.values(ofVerifier).filter((place) => !isOfVerifier(place))).toEqual([])
    expect(Object.values(ofServer).filter(isOfVerifier)).toEqual([])
  })

  it.each([...new Set(namedLines)])('is a log line that the server writes: %s', (message) => {
    expect(logMessages).toContain(message)
  })
})
