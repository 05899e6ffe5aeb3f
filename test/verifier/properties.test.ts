// Properties of the verifier for any input: a valid token alone is accepted, and refusals alone are
// thrown.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Requirements } from '../../src/verifier/token/requirements.ts'
import { MAX_JSON_DEPTH } from '../../src/verifier/constants.ts'
import { parseObject } from '../../src/verifier/token/json.ts'
import { bearerOf } from '../../src/verifier/adapters/bearer.ts'
import { single } from '../../src/verifier/adapters/request.ts'
import { CLAIMS, HEADER, REQUIRED, forge, startVerifier } from './support.ts'

const { check } = startVerifier()
const good = forge()

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('.', '=', '-', '_', '+', '/', 'A', 'e', 'y', 'J', ' ', '\0') }),
)

describe('valid token', () => {
  const place = fc.nat(good.length - 1)
  const edits: Record<string, fc.Arbitrary<string>> = {
    'a replaced letter': fc
      .tuple(place, fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }))
      .map(([at, letter]) => good.slice(0, at) + letter + good.slice(at + 1)),
    'a replaced letter of the alphabet': fc
      .tuple(place, fc.base64String({ minLength: 4, maxLength: 4 }))
      .map(([at, [letter = '']]) => good.slice(0, at) + letter + good.slice(at + 1)),
    'inserted text': fc
      .tuple(fc.nat(good.length), anyText)
      .map(([at, text]) => good.slice(0, at) + text + good.slice(at)),
    'removed text': fc
      .tuple(place, place)
      .map(([from, to]) => good.slice(0, Math.min(from, to)) + good.slice(Math.max(from, to) + 1)),
    'two letters exchanged': fc.tuple(place, place).map(([a, b]) => {
      const letters = good.split('')
      ;[letters[a], letters[b]] = [letters[b] ?? '', letters[a] ?? '']
      return letters.join('')
    }),
    'a flipped bit': fc.tuple(fc.nat(2), fc.nat(), fc.nat(7)).map(([part, at, bit]) => {
      const parts = good.split('.')
      const bytes = Buffer.from(parts[part] ?? '', 'base64url')
      const index = at % bytes.length
      bytes[index] = (bytes[index] ?? 0) ^ (1 << bit)
      parts[part] = bytes.toString('base64url')
      return parts.join('.')
    }),
  }
  test.each(Object.entries(edits))('is refused with %s', async (_, edited) => {
    expect(await check(good)).toBe('good')
    await fc.assert(
      fc.asyncProperty(edited, async (token) => {
        fc.pre(token !== good)
        const code = await check(token)
        expect(['token_malformed', 'token_untrusted', 'token_missing']).toContain(code)
      }),
      { numRuns: 500 },
    )
  })
})

describe('verifier', () => {
  const isRefused = async (token: unknown, required = REQUIRED): Promise<void> => {
    expect(await check(token as string, required)).toMatch(/^token_(missing|malformed|untrusted)$/)
  }
  const encoded = (value: Uint8Array | string) => Buffer.from(value).toString('base64url')
  const bytes = fc.uint8Array({ maxLength: 64 })
  const json = fc.oneof(
    fc.json(),
    fc.json().map((text) => `{"a":${text}}`),
  )

  const TOKENS: Record<string, fc.Arbitrary<unknown>> = {
    'any text': anyText,
    'any value': fc.anything(),
    'any three parts': fc.tuple(anyText, anyText, anyText).map((parts) => parts.join('.')),
    'any bytes, encoded': fc
      .tuple(bytes, bytes, bytes)
      .map((parts) => parts.map(encoded).join('.')),
    'any JSON, encoded': fc
      .tuple(json, json, bytes)
      .map((parts) => parts.map((part) => encoded(part)).join('.')),
  }
  test.each(Object.entries(TOKENS))('throws nothing but a refusal for %s', async (_, tokens) => {
    await fc.assert(
      fc.asyncProperty(tokens, (token) => isRefused(token)),
      { numRuns: 500 },
    )
  })

  const anyValue = fc.jsonValue({ maxDepth: 3 })
  const ours = (members: object) =>
    fc.dictionary(fc.oneof(fc.constantFrom(...Object.keys(members)), fc.string()), anyValue, {
      maxKeys: 3,
    })

  test('throws nothing but a refusal for any signed header and claims', async () => {
    await fc.assert(
      fc.asyncProperty(ours(HEADER), ours({ ...CLAIMS, nbf: 0 }), async (header, claims) => {
        const token = forge({ header: { ...HEADER, ...header }, payload: { ...CLAIMS, ...claims } })
        const required: Requirements = {
          ...REQUIRED,
          run: { endpoint: '/v1/issues', operation: 'create' },
          capability: 'connector:slack',
        }
        expect(await check(token, required)).toMatch(/^(good|[a-z]+(_[a-z]+)+)$/)
      }),
      { numRuns: 300 },
    )
  })

  test('throws nothing but a refusal for any signed bytes as header or claims', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, async (raw) => {
        await isRefused(forge({ header: raw }))
        await isRefused(forge({ payload: raw }))
      }),
      { numRuns: 100 },
    )
  })
})

describe('parseObject', () => {
  const parse = (text: string) => parseObject(Buffer.from(text))
  const depth = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? 1 + Math.max(0, ...Object.values(value).map(depth))
      : 0
  const isObject = (value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)

  test('agrees with JSON.parse on objects with unique members', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), fc.jsonValue()),
        fc.constantFrom(undefined, 1, '\t', '\n '),
        (value, space) => {
          const text = JSON.stringify(value, null, space)
          const wanted: unknown = JSON.parse(text)
          const parsed = parse(text)
          if (!isObject(wanted) || depth(wanted) > MAX_JSON_DEPTH) expect(parsed).toBeNull()
          else expect({ ...parsed }).toStrictEqual({ ...(wanted as object) })
        },
      ),
      { numRuns: 1000 },
    )
  })

  /** Spells a name as JSON may: each letter as itself or escaped. */
  const spell = (name: string, escaped: readonly boolean[]): string => {
    const units = Array.from({ length: name.length }, (_, i) =>
      escaped[i % escaped.length]
        ? `\\u${name.charCodeAt(i).toString(16).padStart(4, '0')}`
        : JSON.stringify(name.charAt(i)).slice(1, -1),
    )
    return `"${units.join('')}"`
  }

  test('returns null for a repeated member, however spelled and however deep', () => {
    const spelling = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(
        fc.string(),
        spelling,
        spelling,
        fc.jsonValue({ maxDepth: 2 }),
        fc.array(fc.constantFrom('list', 'object'), { maxLength: 5 }),
        (name, first, second, value, around) => {
          const json = JSON.stringify(value)
          const wrap = (text: string) =>
            around.reduce((t, kind) => (kind === 'list' ? `[0,${t}]` : `{"y":0,"x":${t}}`), text)
          const once = `{"x":${wrap(`{${spell(name, first)}:${json}}`)}}`
          const twice = wrap(`{${spell(name, first)}:${json}, ${spell(name, second)}:${json}}`)
          expect({ ...parse(once) }).toStrictEqual({ ...(JSON.parse(once) as object) })
          expect(parse(`{"x":${twice}}`)).toBeNull()
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('returns null for text that JSON.parse refuses', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.json().map((text) => text.slice(1)),
        ),
        (text) => {
          const parsed = parse(text)
          if (parsed !== null)
            expect({ ...parsed }).toStrictEqual({ ...(JSON.parse(text) as object) })
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('request reader', () => {
  test('single reads the query like the URL parser', () => {
    const query = fc.string({
      unit: fc.constantFrom('p', '=', '&', '?', '#', '%70', '+', 'x', ','),
    })
    fc.assert(
      fc.property(query, (text) => {
        const url = `https://x.example/${text}`
        const values = new URL(url).searchParams.getAll('p')
        expect(single(url, 'p')).toBe(values.length === 1 ? values[0] || null : null)
      }),
      { numRuns: 1000 },
    )
  })

  test('bearerOf returns a token for the Bearer scheme alone', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const bearer = bearerOf(text)
        if (bearer !== null) expect(text.toLowerCase().startsWith('bearer ')).toBe(true)
      }),
    )
  })
})
