// The form of a token, decided before any cryptography: no keys are fetched for what is malformed.
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

describe('the number of parts', () => {
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
  test.each(rearranged)('%s', (_, arrange) => expectMalformed(arrange(partsOf(forge()))))
})

describe('the length', () => {
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

  test('8 KiB is not too long', () => expectGood(tokenOfLength(8192)))
  test('a byte more is', () => expectMalformed(tokenOfLength(8193)))
  test('so is a megabyte', () => expectMalformed(tokenWith({ pad: 'x'.repeat(1_000_000) })))
})

describe('the spelling', () => {
  test('of the signature: one of sixteen is taken', async () => {
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

  test.each([0, 1])('of part %i: unused bits are zero', async (index) => {
    for (let spaces = 0; spaces < 3; spaces += 1) {
      const pad = ' '.repeat(spaces)
      const parts = [JSON.stringify(HEADER) + pad, JSON.stringify(CLAIMS) + pad].map(base64url)
      const part = parts[index] ?? ''
      if (part.length % 4 === 0) continue // uses all bits
      const respelled =
        part.slice(0, -1) + String.fromCharCode(part.charCodeAt(part.length - 1) + 1)
      expect(Buffer.from(respelled, 'base64url')).toEqual(Buffer.from(part, 'base64url'))
      parts[index] = respelled
      await expectMalformed([...parts, partsOf(forge())[2]].join('.'))
    }
  })

  /** A signature has both letters that the two alphabets differ in, sooner or later. */
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
    ['- only', `${header}.${payload}.${signature.replaceAll('_', '/')}`],
    ['padding', `${mixed}=`],
    ['more padding', `${mixed}==`],
    ['padding of the header', `${header}=.${payload}.${signature}`],
    ['a single letter more', `${header}A.${payload}.${signature}`],
    ['percent-encoding', mixed.replaceAll('.', '%2E')],
    ['a letter that looks like a dot', mixed.replaceAll('.', '\u3002')],
    ['full-width letters', mixed.replace('e', '\uff45')],
    ['the scheme', `Bearer ${mixed}`],
    ['quotes', `"${mixed}"`],
  ])('%s', (_, token) => expectMalformed(token))

  const SPACES = [' ', '\n', '\r\n', '\t', '\f', '\0', '\u00a0', '\u200b', '\u2028', '\ufeff']
  test.each(SPACES)('white space: %j', async (space) => {
    await expectMalformed(space + mixed)
    await expectMalformed(mixed + space)
    await expectMalformed(mixed.replace('.', `.${space}`))
    await expectMalformed(mixed.slice(0, 9) + space + mixed.slice(9))
  })

  test.each(['a', 'ab', 'abc', ' ', '\0', '{}', '__proto__'])(
    'whatever this is: %j',
    expectMalformed,
  )

  test.each([{}, [], ['x'], 1, true, Symbol('x'), () => 'x'])('no string: %s', async (value) => {
    await expectMalformed(value as string)
    await expectMalformed([forge()] as unknown as string)
  })
})

describe('no token', () => {
  test.each([null, undefined, ''])('%j', async (bearer) => {
    const { check, server } = startVerifier()
    expect(await check(bearer as string | null)).toBe('token_missing')
    expect(server.asked()).toBe(0)
  })
})

describe('the JSON of header and payload', () => {
  const bytes = (...parts: (string | number[])[]): Uint8Array =>
    Buffer.concat(parts.map((part) => Buffer.from(part as string)))
  const h = JSON.stringify(HEADER)
  const p = JSON.stringify(CLAIMS)
  const more = (json: string, members: string) => `${json.slice(0, -1)},${members}}`

  /** What makes any JSON of ours malformed. */
  const BROKEN: [string, (json: string) => string | Uint8Array][] = [
    ['an array', (json) => `[${json}]`],
    ['null', () => 'null'],
    ['a string', (json) => JSON.stringify(json)],
    ['a number', () => '1'],
    ['nothing but space', () => '  '],
    ['two objects', (json) => json + json],
    ['something after it', (json) => `${json}x`],
    ['a NUL after it', (json) => `${json}\0`],
    ['a missing brace', (json) => json.slice(0, -1)],
    ['a comma too many', (json) => `${json.slice(0, -1)},}`],
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
    ['a member twice', (json) => more(json, '"x":1,"x":1')],
    ['the first member again', (json) => more(json, json.slice(1, -1))],
    ['a member twice, once escaped', (json) => more(json, '"a":1,"\\u0061":1')],
    ['a member twice, escaped in two ways', (json) => more(json, '"\\u00e9":1,"\\u00E9":1')],
    ['a member twice, with a quote in it', (json) => more(json, String.raw`"a\"b":1,"a\u0022b":1`)],
    ['a slash escaped and not', (json) => more(json, String.raw`"a\/b":1,"a/b":1`)],
    ['an empty name twice', (json) => more(json, '"":1,"":2')],
    ['__proto__ twice', (json) => more(json, '"__proto__":{},"__proto__":{}')],
    ['a member twice inside', (json) => more(json, '"x":{"a":1,"a":1}')],
    ['a member twice inside a list', (json) => more(json, '"x":[[],{"b":{},"a":[1,{}],"a":1}]')],
    ['33 levels', (json) => more(json, `"x":${'['.repeat(32)}${']'.repeat(32)}`)],
    ['33 levels of objects', (json) => more(json, `"x":${'{"x":'.repeat(32)}1${'}'.repeat(32)}`)],
    ['a thousand levels', (json) => more(json, `"x":${'['.repeat(1000)}${']'.repeat(1000)}`)],
    ['a thousand levels, left open', (json) => `${json.slice(0, -1)},"x":${'['.repeat(1000)}`],
  ]
  test.each(BROKEN)('%s', async (_, change) => {
    await expectMalformed(forge({ header: change(h) }))
    await expectMalformed(forge({ payload: change(p) }))
  })

  /** What looks like it and is not. */
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
  test.each(SOUND)('not malformed: %s', async (_, change) => {
    await expectGood(forge({ header: change(h), payload: change(p) }))
  })

  test('what __proto__ brings is not a claim, nor anybody else’s', async () => {
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

describe('header members that change what is signed, or bring a key', () => {
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
  ])('%s', (_, members) => expectMalformed(tokenWith({}, members)))

  test('a payload that is not encoded (RFC 7797)', async () => {
    const header = { ...HEADER, b64: false, crit: ['b64'] }
    const [h, , s] = partsOf(forge({ header }))
    await expectMalformed(`${h}.${JSON.stringify(CLAIMS)}.${s}`)
  })
})
