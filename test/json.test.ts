// JSON from outside: parsed like JSON.parse, with unique members and limited depth.
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { MAX_JSON_BYTES, MAX_JSON_DEPTH } from '../src/constants.ts'
import { isObject, parseJson } from '../src/json.ts'
import { anyText } from './support/arbitraries.ts'

const RUNS = { numRuns: 1_000 }

const READ: readonly string[] = [
  'null',
  '0',
  '""',
  '":"',
  '{}',
  '[]',
  ' { "a" : 1 , "b" : [ ] } ',
  '{"a:b":"c:d","e":["f:g",{"h":":"}]}',
  String.raw`{"a\":b":"\\","c":"\\\":\\"}`,
  String.raw`{"\\":1,"\\\\":2,"\"":3,":":4}`,
  '{"a":{"a":{"a":1}}}',
  '[{"a":1},{"a":2}]',
  '{"a":1,"A":2,"á":3,"a\\u0301":4,"":5}',
  '{"constructor":1,"toString":2,"hasOwnProperty":3,"length":4}',
  '{"1":1,"0":2,"-0":3}',
  '{"__proto__":{"a":1},"a":1}',
]

const REFUSED: readonly (readonly [title: string, text: string])[] = [
  ['a repeated member', '{"a":1,"a":1}'],
  ['a member given three times', '{"a":1,"a":1,"a":1}'],
  ['a repeated member, once escaped', String.raw`{"a":1,"\u0061":2}`],
  ['a repeated member, escaped twice', String.raw`{"\u0061":1,"\u0061":2}`],
  ['a repeated member, escaped in two ways', String.raw`{"\n":1,"\u000A":2}`],
  ['a repeated solidus, once escaped', String.raw`{"/":1,"\/":2}`],
  ['a repeated empty name', '{"":1,"":2}'],
  ['a repeated member with others between', '{"a":1,"b":":","c":[":"],"a":2}'],
  ['a repeated member in an object', '{"x":{"a":1,"a":2}}'],
  ['a repeated member in a list', '[0,{"a":1,"a":2}]'],
  ['a member that hides its repetition', '{"a":{"b":1,"c":2},"a":{}}'],
  ['a repeated member beside colons in strings', '{"a":"::","a":"::"}'],
  ['a repeated __proto__', '{"__proto__":{"a":1},"__proto__":{}}'],
  ['a repeated __proto__, once escaped', String.raw`{"__proto__":1,"\u005f_proto__":1}`],
  ['an empty text', ''],
  ['a comment', '{"a":1/*:*/}'],
  ['a trailing colon', '{"a":1}:'],
  ['NaN', '{"a":NaN}'],
  ['an infinite number', '[Infinity]'],
  ['a byte order mark', '\ufeff{}'],
  ['a line break in a string', '"\n"'],
]

describe('parseJson', () => {
  /** Compares texts: objects with a member `constructor` would compare as different. */
  const expectSame = (value: unknown, text: string): void =>
    expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(text)))

  it.each(READ)('parses %s', (text) => expectSame(parseJson(text), text))

  it.each(REFUSED)('refuses %s', (_, text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError)
  })

  it.each(['[]', '{"a":}'])('parses %s up to MAX_JSON_DEPTH levels', (around) => {
    const nested = (depth: number): string => {
      const [open, close] = [around.slice(0, -1), around.slice(-1)]
      return `${open.repeat(depth - 1)}[]${close.repeat(depth - 1)}`
    }
    const deepest = nested(MAX_JSON_DEPTH)
    expectSame(parseJson(deepest), deepest)
    expect(() => parseJson(nested(MAX_JSON_DEPTH + 1))).toThrow(SyntaxError)
    expect(() => parseJson(nested(30_000))).toThrow(SyntaxError)
  })

  it('parses texts of the largest size', () => {
    const texts = [
      `"${String.raw`\n`.repeat(MAX_JSON_BYTES / 2)}"`,
      `"${String.raw`a\"`.repeat(MAX_JSON_BYTES / 3)}"`,
      `[${'"",'.repeat(MAX_JSON_BYTES / 3)}""]`,
      `{${Array.from({ length: MAX_JSON_BYTES / 16 }, (_, i) => `"${i}":${i}`).join()}}`,
    ]
    for (const text of texts) expectSame(parseJson(text), text)
  })

  test('parses every text of JSON.stringify', () => {
    const value = fc.jsonValue({ maxDepth: MAX_JSON_DEPTH - 2 })
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 1, '\t\n'), (written, space) => {
        const text = JSON.stringify(written, null, space)
        expectSame(parseJson(text), text)
      }),
      RUNS,
    )
  })

  /** Spells a name as JSON may: each letter as itself or escaped. */
  const spell = (name: string, escaped: readonly boolean[]): string => {
    const letters = Array.from({ length: name.length }, (_, i) =>
      escaped[i % escaped.length]
        ? `\\u${name.charCodeAt(i).toString(16).padStart(4, '0')}`
        : JSON.stringify(name.charAt(i)).slice(1, -1),
    )
    return `"${letters.join('')}"`
  }

  test('refuses a repeated member, however spelled and however deep', () => {
    const spelling = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(
        fc.oneof(anyText, fc.constantFrom('a', ':', '":"', '\\', 'constructor', '__proto__')),
        spelling,
        spelling,
        fc.array(fc.jsonValue({ maxDepth: 2 }), { minLength: 2, maxLength: 2 }),
        fc.array(fc.constantFrom('list', 'object'), { maxLength: 5 }),
        (name, first, second, values, around) => {
          const [one, other] = values.map((value) => JSON.stringify(value))
          const wrap = (text: string) =>
            around.reduce((t, kind) => (kind === 'list' ? `[":",${t}]` : `{"y":0,"x":${t}}`), text)
          const once = wrap(`{${spell(name, first)}:${one}}`)
          const twice = wrap(`{${spell(name, first)}:${one},${spell(name, second)}:${other}}`)
          expectSame(parseJson(once), once)
          expect(() => parseJson(twice)).toThrow(SyntaxError)
        },
      ),
      RUNS,
    )
  })

  test('throws nothing but a SyntaxError for text that JSON.parse refuses', () => {
    const cut = fc.tuple(fc.json(), fc.nat({ max: 40 })).map(([text, at]) => text.slice(0, at))
    fc.assert(
      fc.property(fc.oneof(anyText, cut), (text) => {
        try {
          expectSame(parseJson(text), text)
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError)
        }
      }),
      RUNS,
    )
  })
})

it.each([
  [{}, true],
  [Object.create(null), true],
  [[], false],
  [null, false],
  [undefined, false],
  ['', false],
  [0, false],
])('isObject returns for %o: %s, case %#', (value, expected) => {
  expect(isObject(value)).toBe(expected)
})
