// Rules of both verifier and server have one implementation, in the verifier. The server imports it
// from `@latchkey/verifier/internal`.
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { namedRunValue, runRuleValue, workspaceRuleValue } from '../src/grants/taking-away.ts'
import { runValue, workspaceValue } from '../src/verifier/revocation/revocable-token.ts'
import { isLoopbackHost, isOrigin, isSecureUrl } from '../src/verifier/url.ts'
import { sources } from './support/imports.ts'

type Rule = {
  home: string
  /** Code that an implementation of the rule contains, as it is usually written. */
  signs: readonly RegExp[]
  /** Second implementations, one for each sign. */
  samples: readonly string[]
  /** Files with similar code, and the other rule that they implement. */
  besides?: Readonly<Record<string, string>>
}

const RULES: Readonly<Record<string, Rule>> = {
  'bearer header (RFC 6750 §2.1)': {
    home: 'verifier/adapters/bearer.ts',
    signs: [/\^bearer/i, /(startsWith|indexOf)\(\s*['"`]bearer/i, /split\(\s*['"`]bearer/i],
    samples: [
      String.raw`/^bearer +(\S+)$/i.exec(header)?.[1]`,
      "header.startsWith('Bearer ')",
      "header.split('Bearer ')[1]",
    ],
  },
  'JSON with unique members': {
    home: 'verifier/token/json.ts',
    signs: [
      /"\(\?:\[\^"\\\\\]\|\\\\\.\)\*"\//,
      /"\(\?:\[\^"\\\\\]\|\\\\\.\)\*"\|/,
      /split\(':'\)\.length/,
      /=== COLON/,
    ],
    samples: [
      String.raw`text.replace(/"(?:[^"\\]|\\.)*"/g, '')`,
      String.raw`const STRING_OR_BRACKET = /"(?:[^"\\]|\\.)*"|[{}[\],]/g`,
      "text.split(':').length - 1",
      'if (code === COLON) colons += 1',
    ],
  },
  'canonical base64url (RFC 4648 §5)': {
    home: 'verifier/token/base64url.ts',
    signs: [
      /'base64url'\)\s*\.toString\(\s*'base64url'/,
      /toString\(\s*'base64url'\s*\)\s*[!=]==/,
      /[!=]==\s*[\w.]+\.toString\(\s*'base64url'/,
      /ABCDEFGHIJKLMNOPQRSTUVWXYZ/,
    ],
    samples: [
      "Buffer.from(part, 'base64url').toString('base64url') === part",
      "bytes.toString('base64url') === text",
      "text !== bytes.toString('base64url')",
      "'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'",
    ],
  },
  'https or loopback': {
    home: 'verifier/url.ts',
    signs: [/127\(?\\/, /\[::1\\?\]['/|$)]/, /endsWith\(\s*['"`]\.localhost/, /=== 'localhost'/],
    samples: [
      String.raw`/^127(\.\d{1,3}){3}$/`,
      "['localhost', '127.0.0.1', '[::1]']",
      "hostname.endsWith('.localhost')",
      "host === 'localhost'",
    ],
    besides: { 'http/health.ts': 'the address of a peer, which is no host name' },
  },
  'scope token (RFC 6749 §3.3)': {
    home: 'verifier/token/scope.ts',
    signs: [/x21\\x23-\\x5[bB]/, /!#-\[/],
    samples: [String.raw`/^[\x21\x23-\x5b\x5d-\x7e]+$/`, String.raw`'[!#-[\\]-~]+'`],
    besides: { 'text/redaction.ts': 'the characters of error_description, spaces included' },
  },
  'revocable facts of a token': {
    home: 'verifier/revocation/revocable-token.ts',
    signs: [
      /claims(\['|\.)(client|plugin|workspace)_gen/,
      /\$\{[^}]+\}\\n\$\{[^}]+\}/,
      /isSafeInteger\(.*\) \? .* : -1/,
    ],
    samples: [
      "generationOf(claims['client_gen'])",
      '`${reference}\\n${identifier}`',
      'Number.isSafeInteger(value) ? value : -1',
    ],
  },
}

const found = (signs: readonly RegExp[]): string[] =>
  [...sources()].filter(([, text]) => signs.some((sign) => sign.test(text))).map(([path]) => path)

describe.each(Object.entries(RULES))('%s', (_, { home, signs, samples, besides = {} }) => {
  it('has one implementation', () => {
    expect(found(signs).filter((path) => !Object.hasOwn(besides, path))).toEqual([home])
  })

  it('has an exception only for a file with similar code', () => {
    expect(Object.keys(besides).filter((path) => !found(signs).includes(path))).toEqual([])
  })

  it('search finds each second implementation', () => {
    expect(signs.filter((sign, i) => !sign.test(samples[i] ?? ''))).toEqual([])
  })
})

/** Hosts as `URL` spells them, and whether a request to them stays on this machine. */
const HOSTS: readonly (readonly [host: string, isLoopback: boolean])[] = [
  ['localhost', true],
  ['LOCALHOST', true],
  ['app.localhost', true],
  ['a.b.localhost', true],
  ['127.0.0.1', true],
  ['127.0.0.2', true],
  ['127.255.255.254', true],
  ['127.1', true], // 127.0.0.1 in another spelling
  ['2130706433', true], // 127.0.0.1 as one number
  ['[::1]', true],
  ['[0:0:0:0:0:0:0:1]', true],
  ['localhost.example', false],
  ['notlocalhost', false],
  ['localhost.', false], // names with a final dot are not used here
  ['127.0.0.1.example', false],
  ['128.0.0.1', false],
  ['0.0.0.0', false],
  ['10.0.0.1', false],
  ['192.168.0.1', false],
  ['[::]', false],
  ['[::2]', false],
  ['[::ffff:127.0.0.1]', false], // IPv4-mapped
  ['[fe80::1]', false],
  ['example.com', false],
]

describe('secure URL', () => {
  it.each(HOSTS)('may be http://%s: %s', (host, isLoopback) => {
    expect(isLoopbackHost(new URL(`http://${host}`).hostname)).toBe(isLoopback)
    expect(isSecureUrl(`http://${host}:8080/path?query`)).toBe(isLoopback)
    expect(isSecureUrl(`https://${host}/`)).toBe(true)
    expect(isSecureUrl(`ws://${host}/`)).toBe(false)
  })

  it.each([
    ['https://auth.example', true],
    ['https://auth.example:8443', true],
    ['http://localhost:8787', true],
    ['http://127.0.0.2', true],
    ['http://auth.example', false],
    ['https://auth.example/', false],
    ['https://auth.example/path', false],
    ['https://AUTH.example', false],
    ['https://auth.example:443', false],
    ['https://user@auth.example', false],
    ['ftp://auth.example', false],
    ['auth.example', false],
    ['', false],
    [undefined, false],
    [new URL('https://auth.example'), false],
  ])('is an origin: %s, %s, case %#', (value, expected) => {
    expect(isOrigin(value)).toBe(expected)
  })
})

it('server and verifier hash values of rules alike', async () => {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url')
  const anyText = fc.string({ unit: 'binary' })
  await fc.assert(
    fc.asyncProperty(anyText, anyText, async (reference, run) => {
      expect(workspaceRuleValue(reference)).toBe(sha256(reference))
      expect(await workspaceValue(reference)).toBe(sha256(reference))
      expect(runRuleValue(reference, run)).toBe(sha256(`${reference}\n${run}`))
      expect(await runValue(reference, run)).toBe(sha256(`${reference}\n${run}`))
      expect(namedRunValue(null, run)).toBe(sha256(`\n${run}`))
    }),
  )
})
