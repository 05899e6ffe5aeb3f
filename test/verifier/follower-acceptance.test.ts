// Which list a follower believes. Each refusal stops an attack by whoever is on the way to the issuer: what was
// known before stays in force.
import { type SignKeyObjectInput, constants, sign } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
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
afterEach(() => started.splice(0).forEach((verifier) => verifier.close()))

const follow = async (...given: Parameters<typeof following>) => {
  const follower = await following(...given)
  started.push(follower.verifier)
  return follower
}

const RULE = { kind: 'jti', value: 'jti-old' }
const OLD = tokenWith({ jti: 'jti-old' })
const NEW_RULE = { kind: 'jti', value: 'jti-1' }

describe('believed', () => {
  test('the first list, and what comes after it', async () => {
    const { check, say, list } = await follow([RULE])
    expect(list()).toMatchObject({ epoch: 'epoch-1', cursor: cursor(10), age: 0, stale: false })
    expect([await check(), await check(OLD)]).toEqual(['good', 'token_revoked'])
    expect(await say(page({ seq: 11, entries: [NEW_RULE] }))).toBeNull()
    expect([await check(), await check(OLD)]).toEqual(['token_revoked', 'token_revoked'])
    expect(list()).toMatchObject({ cursor: cursor(11), entries: { jti: 2 }, lastFailure: null })
  })

  test.each<[string, Parameters<typeof page>[0]]>([
    ['a type with its prefix', { header: { typ: 'application/revocations+jwt' } }],
    ['a kind of a newer server', { entries: [{ kind: 'moon', value: 'x' }, NEW_RULE] }],
    ['an entry of such a kind in another shape', { claims: { entries: [{ kind: 'moon' }] } }],
    ['the same entry twice', { entries: [NEW_RULE, NEW_RULE] }],
    ['one that says where it begins', { header: { after: cursor(10) } }],
    ['one that begins earlier', { header: { after: cursor(9) } }],
    [
      'a cursor of a page with more behind it',
      { more: true, claims: { cursor: `${cursor(11)}~` } },
    ],
    ['further claims', { claims: { note: 'x' } }],
    ['a rule for good', { entries: [{ ...NEW_RULE, exp: null }] }],
    ['a new epoch from a newer full list', { epoch: 'epoch-2', full: true, iat: NOW + 1, seq: 1 }],
    ['as far ahead as clocks may be', { iat: NOW + 60 }],
  ])('%s', async (_, given) => {
    const { say } = await follow([RULE])
    expect(await say(page({ seq: 11, ...given }))).toBeNull()
  })
})

describe('refused', () => {
  type Case = [string, () => string]
  const signedBy = (key: typeof KEY) => page({ seq: 11, entries: [NEW_RULE], key })

  test.each<Case>([
    ['another type', () => page({ seq: 11, header: { typ: 'JWT' } })],
    ['an access token’s type', () => page({ seq: 11, header: { typ: 'at+jwt' } })],
    ['no type', () => page({ seq: 11, header: { typ: undefined } })],
    ['another algorithm', () => page({ seq: 11, header: { alg: 'none' } })],
    ['an access token', () => forge()],
    ['a key that nobody knows', () => signedBy(OTHER_KEY)],
    ['another key under a known name', () => signedBy({ ...OTHER_KEY, kid: KEY.kid })],
    ['another issuer', () => page({ seq: 11, claims: { iss: 'https://evil.example' } })],
    [
      'the issuer itself as issuer',
      () => page({ seq: 11, claims: { iss: 'https://auth.example' } }),
    ],
    ['another audience', () => page({ seq: 11, claims: { aud: 'hook' } })],
    ['several audiences', () => page({ seq: 11, claims: { aud: [LIST] } })],
    ['a subject', () => page({ seq: 11, claims: { sub: 'lkc_1' } })],
    ['no time', () => page({ seq: 11, claims: { iat: undefined } })],
    ['a time that is no integer', () => page({ seq: 11, claims: { iat: NOW + 0.5 } })],
    ['no end', () => page({ seq: 11, claims: { exp: undefined } })],
    ['no cursor', () => page({ claims: { cursor: undefined } })],
    ['a cursor without zeros', () => page({ claims: { cursor: 'epoch-1.11' } })],
    ['a cursor with something behind it', () => page({ claims: { cursor: `${cursor(11)}x` } })],
    ['a place that is no text', () => page({ seq: 11, header: { after: 10 } })],
    ['another epoch’s cursor', () => page({ claims: { cursor: cursor(11, 'epoch-2') } })],
    ['more than is sent', () => page({ seq: 11, claims: { entries: Array(10_001).fill(RULE) } })],
    ['entries that are no list', () => page({ seq: 11, claims: { entries: {} } })],
    ['an entry that is none', () => page({ seq: 11, claims: { entries: [null] } })],
    [
      'an entry without value',
      () => page({ seq: 11, claims: { entries: [{ kind: 'jti', exp: 1 }] } }),
    ],
    [
      'an entry without end',
      () => page({ seq: 11, claims: { entries: [{ kind: 'jti', value: 'x' }] } }),
    ],
    [
      'a generation that is none',
      () => page({ seq: 11, entries: [{ kind: 'client', value: 'x' }] }),
    ],
    ['full that is not said', () => page({ seq: 11, claims: { full: undefined } })],
    ['more that is not said', () => page({ seq: 11, claims: { more: 1 } })],
    ['a payload that is no object', () => page({ payload: 'null' })],
    ['a payload that is no JSON', () => page({ payload: '{' })],
    ['a cursor that goes back', () => page({ seq: 9 })],
    ['a full list that goes back', () => page({ seq: 9, full: true })],
    ['one that leaves something out', () => page({ seq: 12, header: { after: cursor(11) } })],
    ['another epoch in the middle', () => page({ seq: 11, epoch: 'epoch-2', iat: NOW + 1 })],
    ['an epoch that is not newer', () => page({ seq: 11, epoch: 'epoch-0', full: true })],
    ['an older epoch', () => page({ seq: 11, epoch: 'epoch-0', full: true, iat: NOW - 1 })],
    ['one that says there is more and brings nothing', () => page({ seq: 10, more: true })],
    ['its own key revoked', () => page({ seq: 11, entries: [{ kind: 'key', value: KEY.kid }] })],
    ['garbage', () => 'x.y.z'],
    ['nothing', () => ''],
    ['a long header', () => page({ seq: 11, header: { pad: 'x'.repeat(1024) } })],
    ['a long body', () => 'x'.repeat(4 * 1024 * 1024 + 1)],
    ['a cut signature', () => page({ seq: 11 }).slice(0, -4)],
    [
      'a changed payload',
      () => {
        const [header, , signature] = page({ seq: 11 }).split('.')
        return [header, page({ seq: 12 }).split('.')[1], signature].join('.')
      },
    ],
  ])('%s', async (_, text) => {
    const { say, check, list } = await follow([RULE])
    expect(await say(text())).not.toBeNull()
    expect(list()).toMatchObject({ cursor: cursor(10), epoch: 'epoch-1', entries: { jti: 1 } })
    expect(list().stale).toBe(false)
    expect([await check(), await check(OLD)]).toEqual(['good', 'token_revoked'])
  })

  test.each<[string, () => Response]>([
    ['an error', () => new Response(page({ seq: 11 }), { status: 500 })],
    ['a redirection', () => Response.redirect('https://evil.example/', 302)],
  ])('%s', async (_, response) => {
    const { say, list } = await follow([RULE])
    expect(await say(response())).toMatch(/answered \d+/)
    expect(list().cursor).toBe(cursor(10))
  })
})

/** A list is one JWS in compact form (RFC 7515 §7.1), and each has one spelling: signed by the issuer or not. */
describe('another form is refused', () => {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const MEMBERS = { alg: 'RS256', typ: 'revocations+jwt', kid: KEY.kid }
  type Parts = [header: string, payload: string, signature: string]

  const good = (given: Parameters<typeof page>[0] = {}): Parts =>
    page({ seq: 11, entries: [NEW_RULE], ...given }).split('.') as Parts
  const signatureOf = (input: string): string =>
    sign('sha256', Buffer.from(input), KEY.privateKey).toString('base64url')

  /** Signs header and payload as they are spelled; the signature is spelled after that. */
  const spelled = (part: number, change: (text: string) => string, parts = good()): string => {
    const [header, payload] = parts.map((text, i) => (i === part ? change(text) : text))
    const signature = signatureOf(`${header}.${payload}`)
    return [header, payload, part === 2 ? change(signature) : signature].join('.')
  }
  const withHeader = (header: string | Uint8Array): string => spelled(0, () => base64url(header))
  const withPayload = (payload: string | Uint8Array): string => spelled(1, () => base64url(payload))

  /** The same bytes, spelled with bits that say nothing and are not zero. */
  const loose = (part: string): string => {
    expect([2, 3]).toContain(part.length % 4)
    return part.slice(0, -1) + ALPHABET[ALPHABET.indexOf(part.slice(-1)) | 1]
  }
  /** A page whose parts all have such bits. */
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
    expect(await say(good().join('.'))).toBeNull() // and goes on
    expect(await check()).toBe('token_revoked')
  }

  test.each<[string, object]>([
    ['crit that names what is understood', { crit: ['typ'] }],
    ['crit of an extension', { crit: ['x'], x: 1 }],
    ['crit without names', { crit: [] }],
    ['crit that is no list', { crit: null }],
    ['a payload that is not encoded', { b64: false, crit: ['b64'] }],
    ['b64 without crit', { b64: false }],
    ['b64 as it is anyway', { b64: true, crit: ['b64'] }],
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
    ['the address of a certificate', { x5u: 'https://evil.example/' }],
    ['the address of keys', { jku: 'https://evil.example/' }],
    ['a kid that is no text', { kid: 1 }],
    ['an empty kid', { kid: '' }],
    ['no kid', { kid: undefined }],
  ])('header: %s', async (_, members) => {
    await refuses(page({ seq: 11, entries: [NEW_RULE], header: members }))
  })

  test.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['null', 'null'],
    ['a text', '"RS256"'],
    ['a list', JSON.stringify([MEMBERS])],
    ['half of it', JSON.stringify(MEMBERS).slice(0, -1)],
    ['something behind it', `${JSON.stringify(MEMBERS)}x`],
    ['a byte order mark', `\uFEFF${JSON.stringify(MEMBERS)}`],
    ['a byte that is no UTF-8', Buffer.from(textWith(MEMBERS, 'x', '"x":"\xFF"'), 'latin1')],
    ['half a character', Buffer.from(textWith(MEMBERS, 'x', '"x":"\xC3"'), 'latin1')],
    ['a long form of a character', Buffer.from(textWith(MEMBERS, 'x', '"x":"\xC0\xAF"'), 'latin1')],
    ['alg twice', textWith(MEMBERS, 'x', '"alg":"RS256"')],
    ['alg twice, not alike', textWith(MEMBERS, 'alg', '"alg":"none","alg":"RS256"')],
    ['kid twice', textWith(MEMBERS, 'x', `"k\\u0069d":${JSON.stringify(KEY.kid)}`)],
    ['typ twice', textWith(MEMBERS, 'typ', '"typ":"at+jwt","typ":"revocations+jwt"')],
  ])('header: %s', async (_, header) => {
    await refuses(withHeader(header))
  })

  const CLAIMS = Buffer.from(good()[1], 'base64url').toString()
  test.each<[string, string | Uint8Array]>([
    ['nothing', ''],
    ['null', 'null'],
    ['a number', '1'],
    ['a text', JSON.stringify(CLAIMS)],
    ['a list', `[${CLAIMS}]`],
    ['an empty object', '{}'],
    ['half of it', CLAIMS.slice(0, -1)],
    ['something behind it', `${CLAIMS}x`],
    ['a byte order mark', `\uFEFF${CLAIMS}`],
    [
      'a byte that is no UTF-8',
      Buffer.from(textWith(JSON.parse(CLAIMS) as object, 'x', '"x":"\xFF"'), 'latin1'),
    ],
    ['UTF-16', Buffer.from(CLAIMS, 'utf16le')],
  ])('payload: %s', async (_, payload) => {
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
  describe.each(PARTS)('$name', ({ part }) => {
    test.each(FOREIGN)('%j in it', async (foreign) => {
      await refuses(spelled(part, (text) => text.slice(0, 4) + foreign + text.slice(4)))
      await refuses(spelled(part, (text) => foreign + text))
      await refuses(spelled(part, (text) => text + foreign))
    })

    test('with its length filled up', async () => {
      const filled = (text: string) => text.padEnd(Math.ceil(text.length / 4) * 4, '=')
      await refuses(spelled(part, filled, loosable()))
    })

    test('with bits that say nothing', async () => {
      await refuses(spelled(part, loose, loosable()))
    })

    test('with a character that is no byte', async () => {
      const odd = (text: string) => text + 'A'.repeat((5 - (text.length % 4)) % 4)
      await refuses(spelled(part, odd, loosable()))
    })

    test('left out', async () => {
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
    ['a part between', ([header, payload, signature]) => `${header}..${payload}.${signature}`],
    ['dots', () => '..'],
    ['quotes around it', (parts) => JSON.stringify(parts.join('.'))],
    ['a byte order mark before it', (parts) => `\uFEFF${parts.join('.')}`],
    ['itself twice', (parts) => `${parts.join('.')}${parts.join('.')}`],
    [
      'JSON serialization',
      ([header, payload, signature]) => JSON.stringify({ protected: header, payload, signature }),
    ],
  ])('%s', async (_, form) => {
    await refuses(form(good()))
  })

  test.each<[string, (signature: Buffer) => Uint8Array]>([
    ['empty', () => Buffer.alloc(0)],
    ['a byte shorter', (signature) => signature.subarray(0, -1)],
    ['a byte shorter before it', (signature) => signature.subarray(1)],
    ['a byte longer', (signature) => Buffer.concat([signature, Buffer.alloc(1)])],
    ['a zero before it', (signature) => Buffer.concat([Buffer.alloc(1), signature])],
    ['twice as long', (signature) => Buffer.concat([signature, signature])],
    ['zeros', (signature) => Buffer.alloc(signature.length)],
    ['all ones', (signature) => Buffer.alloc(signature.length, 255)],
    ['one bit off', (signature) => signature.map((byte, i) => (i === 100 ? byte ^ 1 : byte))],
  ])('a signature that is %s', async (_, change) => {
    const [header, payload, signature] = good()
    const bytes = change(Buffer.from(signature, 'base64url'))
    await refuses([header, payload, base64url(bytes)].join('.'))
  })

  test.each<[string, string, SignKeyObjectInput]>([
    ['SHA-1', 'sha1', { key: KEY.privateKey }],
    ['SHA-512', 'sha512', { key: KEY.privateKey }],
    ['PSS', 'sha256', { key: KEY.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }],
    ['a longer key', 'sha256', { key: newKey('k3', 3072).privateKey }],
  ])('a signature with %s', async (_, digest, key) => {
    const [header, payload] = good()
    const input = `${header}.${payload}`
    await refuses(`${input}.${base64url(sign(digest, Buffer.from(input), key))}`)
  })
})

test('a list sent as an access token is refused', async () => {
  const { check } = await follow()
  expect(await check(page({ seq: 11 }))).toBe('token_malformed')
  const alike = { iss: 'https://auth.example', aud: 'hook', sub: 'x', client_id: 'x', jti: 'x' }
  expect(await check(page({ claims: alike }))).toBe('token_untrusted')
  expect(await check(forge({ header: { ...HEADER, typ: 'revocations+jwt' } }))).toBe(
    'token_untrusted',
  )
})

describe('the first list', () => {
  const first = (given: Parameters<typeof page>[0]) => {
    const follower = startFollowing()
    started.push(follower.verifier)
    return follower.say(page({ full: true, ...given }))
  }

  test.each<[string, Parameters<typeof page>[0], string | null]>([
    ['of now', {}, null],
    ['as old as any may be, which a clock of ours that is fast makes it', { iat: NOW - 300 }, null],
    ['older', { iat: NOW - 301 }, 'the list is not of now'],
    [
      'older, signed for long',
      { iat: NOW - 301, claims: { exp: NOW + 9_999 } },
      'the list is not of now',
    ],
    ['from ahead', { iat: NOW + 300 }, null],
    ['from further ahead', { iat: NOW + 301 }, 'the list is not of now'],
    ['not full', { full: false }, 'the list begins in the middle'],
    [
      'by a key that it revokes',
      { entries: [{ kind: 'key', value: KEY.kid }] },
      'the list’s key is revoked',
    ],
  ])('%s: %3$s', async (_, given, expected) => {
    expect(await first(given)).toBe(expected)
  })
})

describe('a full list in pages', () => {
  const OTHER = { kind: 'jti', value: 'jti-2' }

  test('holds when it is complete, and is asked for at once', async () => {
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

  test('interrupted: what was known stays in force, and it goes on where it was', async () => {
    const { say, check, server } = await follow([RULE])
    await say(page({ full: true, more: true, epoch: 'e2', iat: NOW + 1, entries: [NEW_RULE] }))
    expect(await say(new Error('cut'))).toBe('cut')
    expect([await check(), await check(OLD)]).toEqual(['good', 'token_revoked'])
    expect(server.requests.at(-1)).toMatchObject({ after: cursor(1, 'e2'), wait: null })
    expect(await say(page({ epoch: 'e2', iat: NOW + 1, seq: 2 }))).toBeNull()
    expect(await check()).toBe('token_revoked')
  })

  test('begun again in the middle: what was collected is forgotten', async () => {
    const { say, check, list } = await follow([RULE])
    await say(page({ full: true, more: true, epoch: 'e2', iat: NOW + 1, entries: [NEW_RULE] }))
    await say(page({ full: true, more: true, epoch: 'e2', iat: NOW + 1, entries: [OTHER] }))
    await say(page({ epoch: 'e2', iat: NOW + 1, seq: 2 }))
    expect(list()).toMatchObject({ epoch: 'e2', entries: { jti: 1 } })
    expect(await check()).toBe('good')
  })

  test('begun again and again: no spin', async () => {
    const { server } = await follow([RULE])
    const startedAt = performance.now()
    const again = () => page({ full: true, more: true, epoch: 'e2', iat: NOW + 1 })
    for (let i = 0; i < 3; i += 1) await server.answer(again())
    expect(performance.now() - startedAt).toBeGreaterThan(450)
  })

  test('a page signed by a key that a later page revokes: all of it is forgotten', async () => {
    const { say, check, server, list } = await follow([RULE])
    server.keys.push(OTHER_KEY.jwk)
    await say(page({ full: true, more: true, epoch: 'e2', iat: NOW + 1, entries: [NEW_RULE] }))
    const revokes = [{ kind: 'key', value: KEY.kid, exp: null }]
    const second = page({ epoch: 'e2', iat: NOW + 1, seq: 2, key: OTHER_KEY, entries: revokes })
    expect(await say(second)).toBe('a page’s key is revoked')
    expect(list().epoch).toBe('epoch-1')
    expect([await check(), await check(OLD)]).toEqual(['good', 'token_revoked'])
  })

  test('an answer about what is new does not stand in for the missing pages', async () => {
    const { say, server, list } = await follow([RULE])
    await say(page({ full: true, more: true, seq: 2, iat: NOW + 1 }))
    const late = page({ seq: 12, iat: NOW + 1, header: { after: cursor(11) } })
    expect(await say(late)).toBe('the list leaves something out')
    expect([server.requests.at(-1)?.after, list().cursor]).toEqual([cursor(2), cursor(10)])
  })
})
