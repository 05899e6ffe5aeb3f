// Form of a token, checked before any cryptography: a malformed token causes no request for keys.
import { describe, expect, test } from 'vitest'
import { type Parts, partsOf, spellings } from '../support/jwt.ts'
import { CLAIMS, HEADER, KEY, base64url, forge, startVerifier, tokenWith } from './support.ts'

const expectMalformed = async (token: string): Promise<void> => {
  const { check, server } = startVerifier()
  expect(await check(token)).toBe('token_malformed')
  expect(server.asked()).toBe(0)
}

const expectGood = async (token: string): Promise<void> => {
  expect(await startVerifier().check(token)).toBe('good')
}

describe('token with another number of parts', () => {
  const rearranged: [string, (parts: Parts) => string][] = [
    ['one', ([h]) => h],
    ['two', ([h, p]) => `${h}.${p}`],
    ['an empty signature', ([h, p]) => `${h}.${p}.`],
    ['an empty payload', ([h, , s]) => `${h}..${s}`],
    ['an empty header', ([, p, s]) => `.${p}.${s}`],
    ['four, the last one empty', ([h, p, s]) => `${h}.${p}.${s}.`],
    ['four, the first one empty', ([h, p, s]) => `.${h}.${p}.${s}`],
    ['five, as in a JWE', ([h, p, s]) => `${h}.${p}.${s}.${p}.${s}`],
    ['no dots', (parts) => parts.join('')],
    ['dots only', () => '..'],
    ['a million dots', () => '.'.repeat(1_000_000)],
    [
      'the JSON serialization',
      ([h, p, s]) => `{"payload":"${p}","protected":"${h}","signature":"${s}"}`,
    ],
  ]
  test.each(rearranged)('is malformed: %s', (_, arrange) =>
    expectMalformed(arrange(partsOf(forge()))),
  )
})

describe('token length', () => {
  /** Spaces in the header make up for the lengths that base64url cannot have. */
  const tokenOfLength = (length: number): string => {
    for (let spaces = 0; spaces < 4; spaces += 1) {
      const header = JSON.stringify(HEADER) + ' '.repeat(spaces)
      const pad = Math.floor(((length - forge({ header, payload: {} }).length + 2) * 3) / 4)
      const base = JSON.stringify({ ...CLAIMS, pad: '' }).length
      const token = forge({ header, payload: { ...CLAIMS, pad: 'x'.repeat(pad - base + 1) } })
      if (token.length === length) return token
    }
    throw new Error('there is none')
  }

  test('may be 8 KiB', () => expectGood(tokenOfLength(8192)))
  test('may not be one byte more', () => expectMalformed(tokenOfLength(8193)))
  test('may not be a megabyte', () => expectMalformed(tokenWith({ pad: 'x'.repeat(1_000_000) })))
})

describe('token spelling', () => {
  test('is accepted in one of sixteen forms of the signature', async () => {
    const token = forge()
    const others = spellings(token).filter((spelling) => spelling !== token)
    expect(others).toHaveLength(15)
    for (const other of others) {
      expect(Buffer.from(partsOf(other)[2], 'base64url')).toEqual(
        Buffer.from(partsOf(token)[2], 'base64url'),
      )
      await expectMalformed(other)
    }
    await expectGood(token)
  })

  test.each([0, 1])('must have unused bits that are zero in part %i', async (index) => {
    for (let spaces = 0; spaces < 3; spaces += 1) {
      const pad = ' '.repeat(spaces)
      const parts = [JSON.stringify(HEADER) + pad, JSON.stringify(CLAIMS) + pad].map(base64url)
      const part = parts[index] ?? ''
      if (part.length % 4 === 0) continue // no unused bits
      const respelled =
        part.slice(0, -1) + String.fromCharCode(part.charCodeAt(part.length - 1) + 1)
      expect(Buffer.from(respelled, 'base64url')).toEqual(Buffer.from(part, 'base64url'))
      parts[index] = respelled
      await expectMalformed([...parts, partsOf(forge())[2]].join('.'))
    }
  })

  /** Finds a token whose signature has both letters in which the two alphabets differ. */
  const mixed = ((): string => {
    for (let jti = 0; ; jti += 1) {
      const token = tokenWith({ jti: String(jti) })
      if (/-.*_|_.*-/.test(partsOf(token)[2])) return token
    }
  })()
  const [header, payload, signature] = partsOf(mixed)

  test.each([
    [
      'the standard alphabet',
      `${header}.${payload}.${signature.replaceAll('-', '+').replaceAll('_', '/')}`,
    ],
    [
      'the standard alphabet for one letter',
      `${header}.${payload}.${signature.replaceAll('_', '/')}`,
    ],
    ['padding', `${mixed}=`],
    ['more padding', `${mixed}==`],
    ['padding of the header', `${header}=.${payload}.${signature}`],
    ['an extra letter', `${header}A.${payload}.${signature}`],
    ['percent-encoding', mixed.replaceAll('.', '%2E')],
    ['a letter that looks like a dot', mixed.replaceAll('.', '\u3002')],
    ['full-width letters', mixed.replace('e', '\uff45')],
    ['the scheme before it', `Bearer ${mixed}`],
    ['quotes around it', `"${mixed}"`],
  ])('is malformed with %s', (_, token) => expectMalformed(token))

  const SPACES = [' ', '\n', '\r\n', '\t', '\f', '\0', '\u00a0', '\u200b', '\u2028', '\ufeff']
  test.each(SPACES)('is malformed with white space: %j', async (space) => {
    await expectMalformed(space + mixed)
    await expectMalformed(mixed + space)
    await expectMalformed(mixed.replace('.', `.${space}`))
    await expectMalformed(mixed.slice(0, 9) + space + mixed.slice(9))
  })

  test.each(['a', 'ab', 'abc', ' ', '\0', '{}', '__proto__'])('is malformed: %j', expectMalformed)

  test.each([{}, [], ['x'], 1, true, Symbol('x'), () => 'x'])(
    'is malformed for another type: %s',
    async (value) => {
      await expectMalformed(value as string)
      await expectMalformed([forge()] as unknown as string)
    },
  )
})

describe('missing token', () => {
  test.each([null, undefined, ''])('is reported as token_missing: %j', async (bearer) => {
    const { check, server } = startVerifier()
    expect(await check(bearer as string | null)).toBe('token_missing')
    expect(server.asked()).toBe(0)
  })
})

describe('JSON of header and payload', () => {
  const bytes = (...parts: (string | number[])[]): Uint8Array =>
    Buffer.concat(parts.map((part) => Buffer.from(part as string)))
  const h = JSON.stringify(HEADER)
  const p = JSON.stringify(CLAIMS)
  const more = (json: string, members: string) => `${json.slice(0, -1)},${members}}`

  /** Changes that make JSON malformed. */
  const BROKEN: [string, (json: string) => string | Uint8Array][] = [
    ['an array', (json) => `[${json}]`],
    ['null', () => 'null'],
    ['a string', (json) => JSON.stringify(json)],
    ['a number', () => '1'],
    ['white space alone', () => '  '],
    ['two objects', (json) => json + json],
    ['a trailing letter', (json) => `${json}x`],
    ['a trailing NUL', (json) => `${json}\0`],
    ['a missing brace', (json) => json.slice(0, -1)],
    ['an extra comma', (json) => `${json.slice(0, -1)},}`],
    ['single quotes', (json) => json.replaceAll('"', "'")],
    ['a comment', (json) => `${json}//`],
    ['NaN', (json) => more(json, '"x":NaN')],
    ['a byte order mark', (json) => bytes([0xef, 0xbb, 0xbf], json)],
    ['bytes that are not UTF-8', (json) => bytes(more(json, '"x":"').slice(0, -1), [0xff], '"}')],
    ['an overlong letter', (json) => bytes(more(json, '"x":"').slice(0, -1), [0xc1, 0xa1], '"}')],
    [
      'a surrogate in UTF-8',
      (json) => bytes(more(json, '"x":"').slice(0, -1), [0xed, 0xa0, 0x80], '"}'),
    ],
    ['UTF-16', (json) => Buffer.from(json, 'utf16le')],
    ['a repeated member', (json) => more(json, '"x":1,"x":1')],
    ['all members repeated', (json) => more(json, json.slice(1, -1))],
    ['a repeated member, once escaped', (json) => more(json, '"a":1,"\\u0061":1')],
    ['a repeated member, escaped in two ways', (json) => more(json, '"\\u00e9":1,"\\u00E9":1')],
    [
      'a repeated member with a quote in its name',
      (json) => more(json, String.raw`"a\"b":1,"a\u0022b":1`),
    ],
    [
      'a repeated member, its slash once escaped',
      (json) => more(json, String.raw`"a\/b":1,"a/b":1`),
    ],
    ['a repeated empty name', (json) => more(json, '"":1,"":2')],
    ['a repeated __proto__', (json) => more(json, '"__proto__":{},"__proto__":{}')],
    ['a repeated member of a member', (json) => more(json, '"x":{"a":1,"a":1}')],
    ['a repeated member in a list', (json) => more(json, '"x":[[],{"b":{},"a":[1,{}],"a":1}]')],
    ['33 levels', (json) => more(json, `"x":${'['.repeat(32)}${']'.repeat(32)}`)],
    ['33 levels of objects', (json) => more(json, `"x":${'{"x":'.repeat(32)}1${'}'.repeat(32)}`)],
    ['a thousand levels', (json) => more(json, `"x":${'['.repeat(1000)}${']'.repeat(1000)}`)],
    ['a thousand levels, left open', (json) => `${json.slice(0, -1)},"x":${'['.repeat(1000)}`],
  ]
  test.each(BROKEN)('is malformed: %s', async (_, change) => {
    await expectMalformed(forge({ header: change(h) }))
    await expectMalformed(forge({ payload: change(p) }))
  })

  /** Changes that resemble malformed JSON and are valid. */
  const SOUND: [string, (json: string) => string][] = [
    ['white space', (json) => ` \n\r\t${json.replaceAll('":', '" : ')}\n`],
    [
      'escaped names',
      (json) => json.replace('"typ"', '"\\u0074yp"').replace('"iss"', '"\\u0069ss"'),
    ],
    ['unknown members', (json) => more(json, '"unknown":{"a":[null,true,-1.5e3]},"toString":1')],
    ['a name at two depths', (json) => more(json, '"x":{"x":{"x":1}},"y":[{"x":1},{"x":1}]')],
    ['a name as a value', (json) => more(json, '"x":"x","y":["y","y",{"a":"a","b":"a"}]')],
    [
      'brackets and commas in strings',
      (json) => more(json, String.raw`"x":"{\"a\":1,","y":"}\\","z":"]"`),
    ],
    ['names that differ in case', (json) => more(json, '"x":1,"X":1')],
    ['names that look alike', (json) => more(json, '"\\u00e9":1,"e\\u0301":1')],
    ['names of objects', (json) => more(json, '"constructor":1,"hasOwnProperty":1')],
    ['32 levels', (json) => more(json, `"x":${'['.repeat(31)}${']'.repeat(31)}`)],
    ['a byte order mark inside', (json) => more(json, '"x":"\ufeff"')],
  ]
  test.each(SOUND)('is accepted with %s', async (_, change) => {
    await expectGood(forge({ header: change(h), payload: change(p) }))
  })

  test('ignores members of __proto__ and pollutes no object', async () => {
    const inherited = (members: object, name: string) =>
      more(
        JSON.stringify({ ...members, [name]: undefined }),
        `"__proto__":${JSON.stringify(members)}`,
      )
    await expectMalformed(forge({ payload: inherited(CLAIMS, 'exp') }))
    const { check } = startVerifier()
    expect(await check(forge({ payload: inherited(CLAIMS, 'scope') }))).toBe('permission_missing')
    expect(await check(forge({ payload: inherited(CLAIMS, 'plugin_id') }))).toBe('plugin_missing')
    expect(await check(forge({ payload: inherited(CLAIMS, 'aud') }))).toBe('token_untrusted')
    expect(await check(forge({ header: inherited(HEADER, 'typ') }))).toBe('token_untrusted')
    expect(({} as Record<string, unknown>)['scope']).toBeUndefined()
  })
})

describe('header member that changes the signed input or brings a key', () => {
  const { jwk } = KEY
  test.each<[string, object]>([
    ['crit, known', { crit: ['exp'], exp: 1 }],
    ['crit, b64', { crit: ['b64'], b64: true }],
    ['crit, unknown', { crit: ['x'], x: 1 }],
    ['crit, empty', { crit: [] }],
    ['crit, null', { crit: null }],
    ['b64 false', { b64: false }],
    ['b64 true', { b64: true }],
    ['jwk', { jwk }],
    ['jwk, null', { jwk: null }],
    ['jku', { jku: 'https://evil.example/jwks.json' }],
    ['x5c', { x5c: ['MII'] }],
    ['x5u', { x5u: 'https://evil.example/cert.pem' }],
    ['x5t', { x5t: 'x' }],
    ['x5t#S256', { 'x5t#S256': 'x' }],
    ['x5t#S512', { 'x5t#S512': 'x' }],
  ])('is malformed: %s', (_, members) => expectMalformed(tokenWith({}, members)))

  test('is malformed with a payload that is not encoded (RFC 7797)', async () => {
    const header = { ...HEADER, b64: false, crit: ['b64'] }
    const [h, , s] = partsOf(forge({ header }))
    await expectMalformed(`${h}.${JSON.stringify(CLAIMS)}.${s}`)
  })
})
