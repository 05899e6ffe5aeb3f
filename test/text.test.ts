// Text for people: which text is accepted, and how text of earlier versions is shown.
import { expect, it } from 'vitest'
import { parseMetadata } from '../src/oauth/enrollment.ts'
import { formError } from '../src/grants/details.ts'
import { OAuthError } from '../src/errors.ts'
import { createLogTo } from '../src/node/logger.ts'
import { toText } from '../src/cli/output.ts'
import { escapeLines, escapeText, isVisible, textError, toJson } from '../src/text/text.ts'
import { HIDDEN_POINTS, MISPLACED, expectNothingHidden, named } from './support/hidden-text.ts'

const PLACES = [
  (char: string) => `a${char}b`,
  (char: string) => `${char}b`,
  (char: string) => `a${char}`,
  (char: string) => char,
]

it.each(HIDDEN_POINTS.map(named))('textError refuses %s at any place and names it', (name) => {
  const char = String.fromCodePoint(Number.parseInt(name.slice(2), 16))
  for (const place of PLACES) {
    const error = textError(place(char))
    expect(error).toBe(`have no control or invisible character (${name})`)
  }
})

it.each(['\ud800', '\udc00', 'a\udfffb', '\udc00\ud800'])('textError refuses %j', (text) => {
  expect(textError(text)).toMatch(/\(U\+D[89A-F]../)
  expect(escapeText(text)).toMatch(/\\u\{d/)
})

it.each(MISPLACED)('textError refuses a misplaced joiner or selector: %j', (text) => {
  expect(textError(text)).toMatch(/\(U\+(200[CD]|FE0F|E0100)\)$/)
  expect(escapeText(text)).toMatch(/\\u\{(200[cd]|fe0f|e0100)\}/)
})

const tags = (name: string): string =>
  Array.from(name, (char) => String.fromCodePoint(0xe0000 + (char.codePointAt(0) ?? 0))).join('')
const CANCEL = '\u{e007f}'
const flag = (name: string): string => `🏴${tags(name)}${CANCEL}`

it.each([
  tags('gbsct'),
  tags('gbsct') + CANCEL,
  `a${tags('gbsct')}${CANCEL}`,
  CANCEL,
  `🏴${CANCEL}`,
  `🏴${tags('gbsct')}`,
  `🏴${tags('gbsct')}🏴`,
  `🏴${tags('gbsct')} ${CANCEL}`,
  ...['gb', 'abc', 'us0123', 'abcdef', 'gbsctxx', 'GBSCT', 'gb sct', 'gb-sct', '\x01gbsct'].map(
    flag,
  ),
  `${flag('gbsct')}${CANCEL}`,
  `${flag('gbsct')}${tags('ignore')}`,
  `🏴a${tags('gbsct')}${CANCEL}`,
  `🏴\ufe0f${tags('gbsct')}${CANCEL}`,
  `🏳${tags('gbsct')}${CANCEL}`,
  `👩${tags('abc')}${CANCEL}`,
  `🏴${tags('gb')}\u200b${tags('sct')}${CANCEL}`,
])('textError refuses a misplaced tag: %j', (text) => {
  expect(textError(text)).toMatch(/\(U\+(E00..|200B)\)$/)
  expect(escapeText(text)).toMatch(/\\u\{e00..\}/)
})

it.each([
  'Acme GmbH & Co. "KG"',
  'Zoë Ångström',
  'Ελλάδα',
  'علی\u200cرضا',
  'می\u200cخواهم',
  '東京\u3000支社',
  'क\u094d\u200dष',
  'র\u200d\u09cdয',
  '葛\u{e0100}城',
  '❤\ufe0f',
  '❤\ufe0f\u200d🔥',
  '1\ufe0f\u20e3',
  '👩\u200d👩\u200d👧',
  '🏳\ufe0f\u200d🌈',
  'e\u0301',
  '한국',
  '🇩🇪',
  ...['gbeng', 'gbsct', 'gbwls'].map((name) => `a${flag(name)}b`),
  flag('gbsct') + flag('gbwls'),
  '🏴',
  '🏴\u200d☠\ufe0f',
  `${flag('gbeng')}\u200d⚽`,
])('text %j is accepted and shown unchanged', (text) => {
  expect(textError(text)).toBeNull()
  expect(isVisible(text)).toBe(true)
  expect(escapeText(text)).toBe(text)
})

it.each(['', ' ', '\u00a0\u3000', '\u0301', '\u2800', ' \u2800 ', '\u3164', '\ufe0f'])(
  'text %j is invisible',
  (text) => {
    expect(isVisible(text)).toBe(false)
  },
)

const ALL = `x${HIDDEN_POINTS.map((point) => String.fromCodePoint(point)).join('y')}\u200d`

it('table and single view escape every hidden character', () => {
  const row = { name: ALL, list: [ALL], details: { type: ALL, [ALL]: 1 } }
  for (const text of [toText(row), toText([row, row])]) {
    expectNothingHidden(text)
    expect(text).toContain('\\u{202e}')
    expect(text).toContain('\\u{e0041}')
  }
  expect(toText([row, row]).split('\n')).toHaveLength(3)
  expectNothingHidden(escapeLines(ALL))
})

it('JSON escapes every hidden character and keeps the value', () => {
  for (const indent of [undefined, 2]) {
    const json = toJson({ [ALL]: [ALL] }, indent)
    expectNothingHidden(json)
    expect(JSON.parse(json)).toEqual({ [ALL]: [ALL] })
  }
})

it('log line escapes every hidden character and keeps the value', () => {
  const lines: string[] = []
  createLogTo({ write: (line) => void lines.push(line) }, 'info').info({ path: ALL }, ALL)
  expectNothingHidden(lines.join(''))
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ path: ALL, msg: ALL })
})

it('error description has only the characters of RFC 6749 §5.2', () => {
  const { message } = new OAuthError('metadata_invalid', {
    description: `client_name: "${ALL}\\".`,
  })
  expect(message).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
})

const refusedAs = (point: number) => new RegExp(`\\(${named(point).replace('+', '\\+')}\\)`)

it.each(['client_name', 'software_id'])('metadata refuse hidden characters in %s', (field) => {
  for (const point of HIDDEN_POINTS) {
    for (const place of PLACES) {
      const text = place(String.fromCodePoint(point))
      const result = parseMetadata({ client_name: 'ok', [field]: text })
      const must = expect.stringMatching(refusedAs(point)) as unknown
      expect(result).toMatchObject({ field, must, sent: text })
    }
  }
  expect(parseMetadata({ client_name: 'ok', [field]: '\u2800' })).toMatchObject({ field })
})

const ENTRY = { type: 'tool_run', identifier: 'r', project_id: 'p', locations: '*', actions: '*' }
const DETAILS: [string, (text: string) => object][] = [
  ['type', (text) => ({ type: text, identifier: 'x', actions: '*', parts: '*' })],
  ['identifier', (text) => ({ ...ENTRY, identifier: text })],
  ['project_id', (text) => ({ ...ENTRY, project_id: text })],
  ['locations', (text) => ({ ...ENTRY, locations: ['x', text] })],
  ['further', (text) => ({ ...ENTRY, further: text })],
  ['further', (text) => ({ ...ENTRY, further: [1, text] })],
]

it.each(DETAILS)(
  'authorization details refuse hidden characters in %s, case %#',
  (field, entry) => {
    for (const point of HIDDEN_POINTS) {
      const error = formError([entry(`a${String.fromCodePoint(point)}b`)])
      expect(error).toMatchObject({
        path: `0.${field}`,
        must: expect.stringMatching(refusedAs(point)),
      })
    }
    expect(formError([entry('\u2800')])).toMatchObject({ path: `0.${field}` })
    expect(formError([entry('علی\u200cرضا')])).toBeNull()
  },
)
