// Acceptance of lists by a follower. Each refusal stops an attacker between follower and issuer,
// and the accepted list stays in force.
import { type SignKeyObjectInput, constants, sign } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import type { Verifier } from '../../src/verifier/types.ts'
import { LIST, cursor, following, page, startFollowing } from './lists.ts'
import {
  HEADER,
  KEY,
  NOW,
  OTHER_KEY,
  base64url,
  forge,
  newKey,
  textWith,
  tokenWith,
} from './support.ts'

const started: Verifier[] = []
afterAll(() => started.splice(0).forEach((verifier) => verifier.close()))

const follow = async (...given: Parameters<typeof following>) => {
  const follower = await following(...given)
  started.push(follower.verifier)
  return follower
}

const RULE = { kind: 'jti', value: 'jti-old' }
const OLD = tokenWith({ jti: 'jti-old' })
const NEW_RULE = { kind: 'jti', value: 'jti-1' }

describe.concurrent('follower', () => {
  test('accepts the first list and its continuation', async () => {
    const { check, say, list } = await follow([RULE])
    expect(list()).toMatchObject({ epoch: 'epoch-1', cursor: cursor(10), age: 0, stale: false })
    expect([await check(), await check(OLD)]).toEqual(['good', 'token_revoked'])
    expect(await say(page({ seq: 11, entries: [NEW_RULE] }))).toBeNull()
    expect([await check(), await check(OLD)]).toEqual(['token_revoked', 'token_revoked'])
    expect(list()).toMatchObject({ cursor: cursor(11), entries: { jti: 2 }, lastFailure: null })
  })

  test.each<[string, Parameters<typeof page>[0]]>([
    ['a type with the prefix application/', { header: { typ: 'application/revocations+jwt' } }],
    ['an unknown kind of rule', { entries: [{ kind: 'moon', value: 'x' }, NEW_RULE] }],
    ['an unknown kind of rule in another form', { claims: { entries: [{ kind: 'moon' }] } }],
    ['a repeated entry', { entries: [NEW_RULE, NEW_RULE] }],
    ['a page that names its beginning', { header: { after: cursor(10) } }],
    ['a page that begins earlier', { header: { after: cursor(9) } }],
    ['a cursor of a page with more to come', { more: true, claims: { cursor: `${cursor(11)}~` } }],
    ['further claims', { claims: { note: 'x' } }],
    ['a rule without expiry', { entries: [{ ...NEW_RULE, exp: null }] }],
    ['a new epoch from a newer full list', { epoch: 'epoch-2', full: true, iat: NOW + 1, seq: 1 }],
    ['a time 60 s ahead', { iat: NOW + 60 }],
  ])('accepts %s', async (_, given) => {
    const { say } = await follow([RULE])
    expect(await say(page({ seq: 11, ...given }))).toBeNull()
  })
})

describe.concurrent('follower', () => {
  type Case = [string, () => string]
  const signedBy = (key: typeof KEY) => page({ seq: 11, entries: [NEW_RULE], key })

  test.each<Case>([
    ['another type', () => page({ seq: 11, header: { typ: 'JWT' } })],
    ['an access token’s type', () => page({ seq: 11, header: { typ: 'at+jwt' } })],
    ['no type', () => page({ seq: 11, header: { typ: undefined } })],
    ['another algorithm', () => page({ seq: 11, header: { alg: 'none' } })],
    ['an access token', () => forge()],
    ['an unknown key', () => signedBy(OTHER_KEY)],
    ['another key with a known kid', () => signedBy({ ...OTHER_KEY, kid: KEY.kid })],
    ['another issuer', () => page({ seq: 11, claims: { iss: 'https://evil.example' } })],
    [
      'the issuer of tokens as issuer',
      () => page({ seq: 11, claims: { iss: 'https://auth.example' } }),
    ],
    ['another audience', () => page({ seq: 11, claims: { aud: 'hook' } })],
    ['several audiences', () => page({ seq: 11, claims: { aud: [LIST] } })],
    ['a subject', () => page({ seq: 11, claims: { sub: 'lkc_1' } })],
    ['no iat', () => page({ seq: 11, claims: { iat: undefined } })],
    ['an iat with a fraction', () => page({ seq: 11, claims: { iat: NOW + 0.5 } })],
    ['no exp', () => page({ seq: 11, claims: { exp: undefined } })],
    ['no cursor', () => page({ claims: { cursor: undefined } })],
    ['a cursor without leading zeros', () => page({ claims: { cursor: 'epoch-1.11' } })],
    ['a cursor with a trailing letter', () => page({ claims: { cursor: `${cursor(11)}x` } })],
    ['a beginning that is a number', () => page({ seq: 11, header: { after: 10 } })],
    ['another epoch’s cursor', () => page({ claims: { cursor: cursor(11, 'epoch-2') } })],
    [
      'more entries than a page may have',
      () => page({ seq: 11, claims: { entries: Array(10_001).fill(RULE) } }),
    ],
    ['an object as entries', () => page({ seq: 11, claims: { entries: {} } })],
    ['null as an entry', () => page({ seq: 11, claims: { entries: [null] } })],
    [
      'an entry without value',
      () => page({ seq: 11, claims: { entries: [{ kind: 'jti', exp: 1 }] } }),
    ],
    [
      'an entry without exp',
      () => page({ seq: 11, claims: { entries: [{ kind: 'jti', value: 'x' }] } }),
    ],
    [
      'a client rule without generation',
      () => page({ seq: 11, entries: [{ kind: 'client', value: 'x' }] }),
    ],
    ['full left out', () => page({ seq: 11, claims: { full: undefined } })],
    ['more as a number', () => page({ seq: 11, claims: { more: 1 } })],
    ['null as payload', () => page({ payload: 'null' })],
    ['incomplete JSON as payload', () => page({ payload: '{' })],
    ['a cursor that goes back', () => page({ seq: 9 })],
    ['a full list that goes back', () => page({ seq: 9, full: true })],
    ['a page that begins later', () => page({ seq: 12, header: { after: cursor(11) } })],
    ['another epoch without a full list', () => page({ seq: 11, epoch: 'epoch-2', iat: NOW + 1 })],
    ['another epoch that is not newer', () => page({ seq: 11, epoch: 'epoch-0', full: true })],
    ['an older epoch', () => page({ seq: 11, epoch: 'epoch-0', full: true, iat: NOW - 1 })],
    ['an empty page with more to come', () => page({ seq: 10, more: true })],
    [
      'a page that revokes its own key',
      () => page({ seq: 11, entries: [{ kind: 'key', value: KEY.kid }] }),
    ],
    ['garbage', () => 'x.y.z'],
    ['an empty body', () => ''],
    ['a long header', () => page({ seq: 11, header: { pad: 'x'.repeat(1024) } })],
    ['a long body', () => 'x'.repeat(4 * 1024 * 1024 + 1)],
    ['a shortened signature', () => page({ seq: 11 }).slice(0, -4)],
    [
      'a changed payload',
      () => {
        const [header, , signature] = page({ seq: 11 }).split('.')
        return [header, page({ seq: 12 }).split('.')[1], signature].join('.')
      },
    ],
  ])('refuses %s', async (_, text) => {
    const { say, check, list } = await follow([RULE])
    expect(await say(text())).not.toBeNull()
    expect(list()).toMatchObject({ cursor: cursor(10), epoch: 'epoch-1', entries: { jti: 1 } })
    expect(list().stale).toBe(false)
    expect([await check(), await check(OLD)]).toEqual(['good', 'token_revoked'])
  })

  test.each<[string, () => Response]>([
    ['status 500', () => new Response(page({ seq: 11 }), { status: 500 })],
    ['a redirection', () => Response.redirect('https://evil.example/', 302)],
  ])('refuses the status of %s', async (_, response) => {
    const { say, list } = await follow([RULE])
    expect(await say(response())).toMatch(/answered \d+/)
    expect(list().cursor).toBe(cursor(10))
  })
})

/**
 * A list is one JWS in compact form (RFC 7515 §7.1) with one spelling: other forms are refused,
 * signed by the issuer or not.
 */
describe.concurrent('follower', () => {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const MEMBERS = { alg: 'RS256', typ: 'revocations+jwt', kid: KEY.kid }
  type Parts = [header: string, payload: string, signature: string]

  const good = (given: Parameters<typeof page>[0] = {}): Parts =>
    page({ seq: 11, entries: [NEW_RULE], ...given }).split('.') as Parts
  const signatureOf = (input: string): string =>
    sign('sha256', Buffer.from(input), KEY.privateKey).toString('base64url')

  /** Signs header and payload as they are spelled. The signature is spelled after that. */
  const spelled = (part: number, change: (text: string) => string, parts = good()): string => {
    const [header, payload] = parts.map((text, i) => (i === part ? change(text) : text))
    const signature = signatureOf(`${header}.${payload}`)
    return [header, payload, part === 2 ? change(signature) : signature].join('.')
  }
  const withHeader = (header: string | Uint8Array): string => spelled(0, () => base64url(header))
  const withPayload = (payload: string | Uint8Array): string => spelled(1, () => base64url(payload))

  /** Spells the same bytes with unused bits that are not zero. */
  const loose = (part: string): string => {
    expect([2, 3]).toContain(part.length % 4)
    return part.slice(0, -1) + ALPHABET[ALPHABET.indexOf(part.slice(-1)) | 1]
  }
  /** Finds a page whose parts all have unused bits. */
  const loosable = (): Parts => {
    const pads = ['', 'x', 'xx', 'xxx'].flatMap((a) => ['', 'x', 'xx', 'xxx'].map((b) => [a, b]))
    const pages = pads.map(([a, b]) => good({ header: { pad: a }, claims: { pad: b } }))
    return pages.find((parts) => parts.every((part) => part.length % 4 > 1)) ?? good()
  }

  const refuses = async (text: string): Promise<void> => {
    const { say, check, list } = await follow([RULE])
    expect(await say(text)).not.toBeNull()
    expect(list()).toMatchObject({ cursor: cursor(10), entries: { jti: 1 }, stale: false })
    expect([await check(), await check(OLD)]).toEqual(['good', 'token_revoked'])
    expect(await say(good().join('.'))).toBeNull() // the follower continues
    expect(await check()).toBe('token_revoked')
  }

  test.each<[string, object]>([
    ['crit with a supported name', { crit: ['typ'] }],
    ['crit with an extension', { crit: ['x'], x: 1 }],
    ['crit without names', { crit: [] }],
    ['null as crit', { crit: null }],
    ['a payload without encoding', { b64: false, crit: ['b64'] }],
    ['b64 without crit', { b64: false }],
    ['b64 with its default', { b64: true, crit: ['b64'] }],
    ['no algorithm', { alg: undefined }],
    ['alg none', { alg: 'none' }],
    ['alg HS256', { alg: 'HS256' }],
    ['alg RS384', { alg: 'RS384' }],
    ['alg RS512', { alg: 'RS512' }],
    ['alg PS256', { alg: 'PS256' }],
    ['alg rs256', { alg: 'rs256' }],
    ['alg with a space', { alg: 'RS256 ' }],
    ['alg as a list', { alg: ['RS256'] }],
    ['a key', { jwk: KEY.jwk }],
    ['a certificate', { x5c: ['MIIB'] }],
    ['the thumbprint of a certificate', { x5t: 'x', 'x5t#S256': 'x' }],
    ['an address of a certificate', { x5u: 'https://evil.example/' }],
    ['an address of keys', { jku: 'https://evil.example/' }],
    ['a number as kid', { kid: 1 }],
    ['an empty kid', { kid: '' }],
    ['no kid', { kid: undefined }],
  ])('refuses the header member: %s', async (_, members) => {
    await refuses(page({ seq: 11, entries: [NEW_RULE], header: members }))
  })

  test.each<[string, string | Uint8Array]>([
    ['an empty header', ''],
    ['null', 'null'],
    ['a text', '"RS256"'],
    ['a list', JSON.stringify([MEMBERS])],
    ['half of the JSON', JSON.stringify(MEMBERS).slice(0, -1)],
    ['a trailing letter', `${JSON.stringify(MEMBERS)}x`],
    ['a byte order mark', `\uFEFF${JSON.stringify(MEMBERS)}`],
    ['a byte that is not UTF-8', Buffer.from(textWith(MEMBERS, 'x', '"x":"\xFF"'), 'latin1')],
    ['half a character', Buffer.from(textWith(MEMBERS, 'x', '"x":"\xC3"'), 'latin1')],
    ['an overlong character', Buffer.from(textWith(MEMBERS, 'x', '"x":"\xC0\xAF"'), 'latin1')],
    ['a repeated alg', textWith(MEMBERS, 'x', '"alg":"RS256"')],
    ['two different algs', textWith(MEMBERS, 'alg', '"alg":"none","alg":"RS256"')],
    ['a repeated kid', textWith(MEMBERS, 'x', `"k\\u0069d":${JSON.stringify(KEY.kid)}`)],
    ['two different typs', textWith(MEMBERS, 'typ', '"typ":"at+jwt","typ":"revocations+jwt"')],
  ])('refuses the header JSON: %s', async (_, header) => {
    await refuses(withHeader(header))
  })

  const CLAIMS = Buffer.from(good()[1], 'base64url').toString()
  test.each<[string, string | Uint8Array]>([
    ['an empty payload', ''],
    ['null', 'null'],
    ['a number', '1'],
    ['a text', JSON.stringify(CLAIMS)],
    ['a list', `[${CLAIMS}]`],
    ['an empty object', '{}'],
    ['half of the JSON', CLAIMS.slice(0, -1)],
    ['a trailing letter', `${CLAIMS}x`],
    ['a byte order mark', `\uFEFF${CLAIMS}`],
    [
      'a byte that is not UTF-8',
      Buffer.from(textWith(JSON.parse(CLAIMS) as object, 'x', '"x":"\xFF"'), 'latin1'),
    ],
    ['UTF-16', Buffer.from(CLAIMS, 'utf16le')],
  ])('refuses the payload JSON: %s', async (_, payload) => {
    await refuses(withPayload(payload))
  })

  const PARTS = ['header', 'payload', 'signature'].map((name, part) => ({ name, part }))
  const FOREIGN = [
    '+',
    '/',
    '=',
    '==',
    ' ',
    '\n',
    '\r\n',
    '\t',
    '\0',
    '~',
    '%2B',
    ',',
    '\u00A0',
    '\u00E9',
    '\u2024',
    '\uFF0E',
    '\uFEFF',
    '\u200B',
    '\u{1D400}',
  ]
  describe.each(PARTS)('given a list with another $name', ({ part }) => {
    test.each(FOREIGN)('refuses %j in it', async (foreign) => {
      await refuses(spelled(part, (text) => text.slice(0, 4) + foreign + text.slice(4)))
      await refuses(spelled(part, (text) => foreign + text))
      await refuses(spelled(part, (text) => text + foreign))
    })

    test('refuses padding', async () => {
      const filled = (text: string) => text.padEnd(Math.ceil(text.length / 4) * 4, '=')
      await refuses(spelled(part, filled, loosable()))
    })

    test('refuses unused bits that are not zero', async () => {
      await refuses(spelled(part, loose, loosable()))
    })

    test('refuses a length that no bytes have', async () => {
      const odd = (text: string) => text + 'A'.repeat((5 - (text.length % 4)) % 4)
      await refuses(spelled(part, odd, loosable()))
    })

    test('refuses an empty part', async () => {
      await refuses(spelled(part, () => ''))
    })
  })

  test.each<[string, (parts: Parts) => string]>([
    ['one part', ([header]) => header],
    ['two parts', ([header, payload]) => `${header}.${payload}`],
    ['two parts, the signature first', ([header, , signature]) => `${header}.${signature}`],
    ['four parts', (parts) => [...parts, parts[2]].join('.')],
    ['four parts, the last empty', (parts) => [...parts, ''].join('.')],
    ['four parts, the first empty', (parts) => ['', ...parts].join('.')],
    ['five parts', (parts) => [...parts, '', parts[2]].join('.')],
    [
      'an empty part between',
      ([header, payload, signature]) => `${header}..${payload}.${signature}`,
    ],
    ['dots alone', () => '..'],
    ['quotes around it', (parts) => JSON.stringify(parts.join('.'))],
    ['a byte order mark before it', (parts) => `\uFEFF${parts.join('.')}`],
    ['the list twice', (parts) => `${parts.join('.')}${parts.join('.')}`],
    [
      'JSON serialization',
      ([header, payload, signature]) => JSON.stringify({ protected: header, payload, signature }),
    ],
  ])('refuses the form: %s', async (_, form) => {
    await refuses(form(good()))
  })

  test.each<[string, (signature: Buffer) => Uint8Array]>([
    ['empty', () => Buffer.alloc(0)],
    ['without its last byte', (signature) => signature.subarray(0, -1)],
    ['without its first byte', (signature) => signature.subarray(1)],
    ['followed by a zero byte', (signature) => Buffer.concat([signature, Buffer.alloc(1)])],
    ['preceded by a zero byte', (signature) => Buffer.concat([Buffer.alloc(1), signature])],
    ['repeated', (signature) => Buffer.concat([signature, signature])],
    ['all zeros', (signature) => Buffer.alloc(signature.length)],
    ['all ones', (signature) => Buffer.alloc(signature.length, 255)],
    ['wrong in one bit', (signature) => signature.map((byte, i) => (i === 100 ? byte ^ 1 : byte))],
  ])('refuses a signature that is %s', async (_, change) => {
    const [header, payload, signature] = good()
    const bytes = change(Buffer.from(signature, 'base64url'))
    await refuses([header, payload, base64url(bytes)].join('.'))
  })

  test.each<[string, string, SignKeyObjectInput]>([
    ['SHA-1', 'sha1', { key: KEY.privateKey }],
    ['SHA-512', 'sha512', { key: KEY.privateKey }],
    ['PSS', 'sha256', { key: KEY.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }],
    ['a longer key', 'sha256', { key: newKey('k3', 3072).privateKey }],
  ])('refuses a signature with %s', async (_, digest, key) => {
    const [header, payload] = good()
    const input = `${header}.${payload}`
    await refuses(`${input}.${base64url(sign(digest, Buffer.from(input), key))}`)
  })
})

test.concurrent('verifier refuses a list as an access token', async () => {
  const { check } = await follow()
  expect(await check(page({ seq: 11 }))).toBe('token_malformed')
  const alike = { iss: 'https://auth.example', aud: 'hook', sub: 'x', client_id: 'x', jti: 'x' }
  expect(await check(page({ claims: alike }))).toBe('token_untrusted')
  expect(await check(forge({ header: { ...HEADER, typ: 'revocations+jwt' } }))).toBe(
    'token_untrusted',
  )
})

describe.concurrent('first list', () => {
  const first = (given: Parameters<typeof page>[0]) => {
    const follower = startFollowing()
    started.push(follower.verifier)
    return follower.say(page({ full: true, ...given }))
  }

  test.each<[string, Parameters<typeof page>[0], string | null]>([
    ['a current list', {}, null],
    ['a list of 300 s ago, as seen by a fast clock', { iat: NOW - 300 }, null],
    ['a list of 301 s ago', { iat: NOW - 301 }, 'the list is not current'],
    [
      'a list of 301 s ago with a late exp',
      { iat: NOW - 301, claims: { exp: NOW + 9_999 } },
      'the list is not current',
    ],
    ['a list 300 s ahead', { iat: NOW + 300 }, null],
    ['a list 301 s ahead', { iat: NOW + 301 }, 'the list is not current'],
    ['a list that is not full', { full: false }, 'the list begins in the middle'],
    [
      'a list that revokes its own key',
      { entries: [{ kind: 'key', value: KEY.kid }] },
      'the list’s key is revoked',
    ],
  ])('is accepted or refused: %s gives %3$s', async (_, given, expected) => {
    expect(await first(given)).toBe(expected)
  })
})

describe.concurrent('full list in pages', () => {
  const OTHER = { kind: 'jti', value: 'jti-2' }

  test('replaces the old one when it is complete, and its pages are requested at once', async () => {
    const { say, check, server, list } = await follow([RULE])
    const first = page({
      full: true,
      more: true,
      epoch: 'e2',
      iat: NOW + 1,
      seq: 1,
      entries: [NEW_RULE],
    })
    expect(await say(first)).toBeNull()
    expect(server.requests.at(-1)).toMatchObject({ after: cursor(1, 'e2'), wait: null })
    expect([await check(), await check(OLD)]).toEqual(['good', 'token_revoked'])
    expect(list()).toMatchObject({ epoch: 'epoch-1', cursor: cursor(10) })
    expect(await say(page({ epoch: 'e2', iat: NOW + 1, seq: 2, entries: [OTHER] }))).toBeNull()
    expect(list()).toMatchObject({ epoch: 'e2', cursor: cursor(2, 'e2'), entries: { jti: 2 } })
    expect([await check(), await check(OLD)]).toEqual(['token_revoked', 'good'])
  })

  test('is continued after an interruption, and the old list stays in force meanwhile', async () => {
    const { say, check, server } = await follow([RULE])
    await say(page({ full: true, more: true, epoch: 'e2', iat: NOW + 1, entries: [NEW_RULE] }))
    expect(await say(new Error('cut'))).toBe('cut')
    expect([await check(), await check(OLD)]).toEqual(['good', 'token_revoked'])
    expect(server.requests.at(-1)).toMatchObject({ after: cursor(1, 'e2'), wait: null })
    expect(await say(page({ epoch: 'e2', iat: NOW + 1, seq: 2 }))).toBeNull()
    expect(await check()).toBe('token_revoked')
  })

  test('is collected anew when the issuer begins it again', async () => {
    const { say, check, list } = await follow([RULE])
    await say(page({ full: true, more: true, epoch: 'e2', iat: NOW + 1, entries: [NEW_RULE] }))
    await say(page({ full: true, more: true, epoch: 'e2', iat: NOW + 1, entries: [OTHER] }))
    await say(page({ epoch: 'e2', iat: NOW + 1, seq: 2 }))
    expect(list()).toMatchObject({ epoch: 'e2', entries: { jti: 1 } })
    expect(await check()).toBe('good')
  })

  test('is requested with pauses when the issuer begins it again and again', async () => {
    const { server } = await follow([RULE])
    const startedAt = performance.now()
    const again = () => page({ full: true, more: true, epoch: 'e2', iat: NOW + 1 })
    for (let i = 0; i < 3; i += 1) await server.answer(again())
    expect(performance.now() - startedAt).toBeGreaterThan(450)
  })

  test('is dropped when a later page revokes the key of an earlier one', async () => {
    const { say, check, server, list } = await follow([RULE])
    server.keys.push(OTHER_KEY.jwk)
    await say(page({ full: true, more: true, epoch: 'e2', iat: NOW + 1, entries: [NEW_RULE] }))
    const revokes = [{ kind: 'key', value: KEY.kid, exp: null }]
    const second = page({ epoch: 'e2', iat: NOW + 1, seq: 2, key: OTHER_KEY, entries: revokes })
    expect(await say(second)).toBe('the key of a page is revoked')
    expect(list().epoch).toBe('epoch-1')
    expect([await check(), await check(OLD)]).toEqual(['good', 'token_revoked'])
  })

  test('is not completed by an answer about new rules', async () => {
    const { say, server, list } = await follow([RULE])
    await say(page({ full: true, more: true, seq: 2, iat: NOW + 1 }))
    const late = page({ seq: 12, iat: NOW + 1, header: { after: cursor(11) } })
    expect(await say(late)).toBe('the list leaves rules out')
    expect([server.requests.at(-1)?.after, list().cursor]).toEqual([cursor(2), cursor(10)])
  })
})
