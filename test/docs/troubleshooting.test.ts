// docs/troubleshooting.md has an entry for each code on the wire, and for each line that stops a start.
import { type KeysFailureCode, type VerificationCode, VerificationError } from '@latchkey/verifier'
import { describe, expect, it } from 'vitest'
import { CODES } from '../../src/admin/reference/codes.ts'
import { OAUTH_ERRORS } from '../../src/errors.ts'
import { filesBelow, readPage } from './support.ts'
import { type Entry, entriesIn, page, sectionOf } from './troubleshooting.ts'

/** Codes that only a registration gets: `docs/enrollment.md` explains them. */
const OF_REGISTRATION = /^(enrollment|registration|metadata|redirect_uri)_/

/** The compiler asks for each. */
const VERIFIER: Record<VerificationCode, true> = {
  token_missing: true,
  token_malformed: true,
  token_untrusted: true,
  token_expired: true,
  token_not_yet_valid: true,
  token_revoked: true,
  permission_missing: true,
  plugin_missing: true,
  plugin_mismatch: true,
  endpoint_denied: true,
  operation_denied: true,
  capability_missing: true,
  authorization_denied: true,
  authorization_ambiguous: true,
  keys_unavailable: true,
  revocations_stale: true,
}

const KEYS_FAILURES: Record<KeysFailureCode, true> = {
  dns: true,
  tls: true,
  connection: true,
  timeout: true,
  network: true,
  redirect: true,
  http_status: true,
  too_long: true,
  not_a_key_set: true,
  empty_key_set: true,
  no_usable_key: true,
  not_asked: true,
}

/** Codes in the first column of a table. */
const rowsIn = (text: string): string[] =>
  [...text.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, code = '']) => code)

const codesIn = (text: string, matches: (entry: Entry) => boolean = () => true): string[] =>
  entriesIn(text)
    .filter(matches)
    .map(({ code }) => code)

const entries = codesIn(page)
const failures = rowsIn(sectionOf('Resource servers')).filter((code) => code !== 'code') // the head

describe('docs/troubleshooting.md', () => {
  it.each(Object.keys(OAUTH_ERRORS))('has an entry for %s of the OAuth endpoints', (code) => {
    expect(entries).toContain(code)
  })

  it.each(Object.keys(VERIFIER))('has an entry for %s of a resource server', (code) => {
    expect(codesIn(sectionOf('Resource servers'))).toContain(code)
  })

  it.each(Object.keys(KEYS_FAILURES))(
    'has an entry for %s, a cause of keys_unavailable',
    (code) => {
      expect(failures).toContain(code)
    },
  )

  it.each(CODES.map(({ code }) => code))('has an entry for %s of the admin API', (code) => {
    expect(entries).toContain(code)
  })

  it.each(CODES.filter(({ code }) => !(code in OAUTH_ERRORS) && !(code in VERIFIER)))(
    'has the status $status beside $code',
    ({ code, status }) => {
      const entry = entriesIn(sectionOf('Admin API')).find((one) => one.code === code)
      expect(entry?.text).toContain(`- Answer: ${status}\n`)
    },
  )

  it.each(Object.entries(OAUTH_ERRORS))(
    'has status and error beside %s',
    (code, [status, error]) => {
      const answers = entriesIn(page)
        .filter((entry) => entry.code === code)
        .map(({ text }) => /^- Answer: (.*)$/m.exec(text)?.[1] ?? '')
      const word = [404, 405, 500].includes(status) ? '' : ` \`${error}\``
      expect(answers.some((answer) => answer.startsWith(`${status}${word}`))).toBe(true)
    },
  )

  it.each(Object.keys(VERIFIER) as VerificationCode[])('has the status beside %s', (code) => {
    const entry = entriesIn(sectionOf('Resource servers')).find((one) => one.code === code)
    expect(entry?.text).toContain(`- Answer: ${new VerificationError(code).status}`)
  })

  it('has a cause, the place of the reason and a remedy in each entry', () => {
    const whole = /^- Answer: .+\n- Cause: [^]+\n- Reason: [^]+\n- What to do: /m
    expect(codesIn(page, ({ text }) => !whole.test(text))).toEqual([])
  })

  it('has no entry for a code that nothing answers', () => {
    const known = new Set([
      ...Object.keys(OAUTH_ERRORS),
      ...Object.keys(VERIFIER),
      ...Object.keys(KEYS_FAILURES),
      ...CODES.map(({ code }) => code),
    ])
    expect([...entries, ...failures].filter((code) => !known.has(code))).toEqual([])
  })
})

const CONSTRUCTED = /new (?:StartRefused|DriverUnusable|CredentialsUnwritable)\(\s*([`'])/g

/** The text of a literal that begins here, without its values; parts that are joined with `+` stay apart. */
const fragmentsOf = (source: string, start: number, quote: string): string[] => {
  const end = source.indexOf(quote, start)
  return source.slice(start, end).split(/\$\{[^}]*\}/)
}

/** A message that consists of values alone, such as a setting and the rule of its schema, has a general entry. */
const MIN_FRAGMENT_CHARS = 8

/** The longest text between two values of each message that stops a start. */
const startRefusals = filesBelow('src', '.ts').flatMap((path) => {
  const source = readPage(path)
  const longest = [...source.matchAll(CONSTRUCTED)].map((match) => {
    const fragments = fragmentsOf(source, match.index + match[0].length, match[1] ?? '')
    const texts = fragments.map((text) => text.replaceAll(/^[;:,( ]+|[;:,( ]+$/g, ''))
    return texts.toSorted((a, b) => b.length - a.length)[0] ?? ''
  })
  return longest.filter((text) => text.length >= MIN_FRAGMENT_CHARS)
})

describe('reasons of a list that is not believed', () => {
  const reasons = (sectionOf('Resource servers').split('| `lastFailure` |')[1] ?? '')
    .split('\n')
    .flatMap((line) => /^\| `([^`]+)` \|/.exec(line)?.[1] ?? [])
  const verifier = filesBelow('src/verifier', '.ts').map(readPage).join('\n')

  it('are named', () => {
    expect(reasons.length).toBeGreaterThan(3)
  })

  it.each(reasons)('%s is in the verifier', (reason) => {
    expect(verifier).toContain(`'${reason}'`)
  })
})

describe('lines that stop a start', () => {
  const section = sectionOf('Commands and the start of a server')

  it('are found in the source', () => {
    expect(startRefusals.length).toBeGreaterThan(20)
  })

  it.each([...new Set(startRefusals)])('%s has an entry', (text) => {
    expect(section).toContain(text)
  })
})

describe('pages for clients', () => {
  const tokens = rowsIn(readPage('docs/tokens.md'))
  const enrollment = readPage('docs/enrollment.md')

  it.each(Object.keys(OAUTH_ERRORS))('explain %s', (code) => {
    if (OF_REGISTRATION.test(code)) expect(enrollment).toContain(`${code}\``)
    else expect(tokens).toContain(code)
  })
})
