// Choice of the entry of the authorization details that grants a request.
import { describe, expect, test } from 'vitest'
import type { WantedAuthorization } from '../../src/verifier/token/details.ts'
import { VerificationError, type VerifiedToken } from '../../src/verifier/index.ts'
import { CLAIMS, REQUIRED, RUN, forge, startVerifier, tokenWith } from './support.ts'

const { verifier } = startVerifier()

const ENTRY = { type: 'playlist', identifier: 'p1', actions: ['play'], parts: ['main'] }
const WANTED = { type: 'playlist', identifier: 'p1', action: 'play', part: 'main' }
const NO_PART = { ...WANTED, part: undefined }

const DENIED = 'authorization_denied'
const AMBIGUOUS = 'authorization_ambiguous'

const verified = (details: unknown): Promise<VerifiedToken> =>
  verifier.verify(tokenWith({ authorization_details: details }), REQUIRED)

/** Returns the index of the very entry, or the code of the refusal. */
const outcome = (token: VerifiedToken, wanted: WantedAuthorization): number | string => {
  try {
    const entry = verifier.authorize(token, wanted)
    return (token.claims['authorization_details'] as unknown[]).indexOf(entry)
  } catch (error) {
    if (error instanceof VerificationError) return error.code
    throw error
  }
}

describe('authorize with an entry', () => {
  const OTHER = { ...ENTRY, identifier: 'p2' }

  test.each<[string, unknown, number | string]>([
    ['the whole entry', [ENTRY], 0],
    ['any identifier', [{ ...ENTRY, identifier: '*' }], 0],
    ['any action', [{ ...ENTRY, actions: '*' }], 0],
    ['any part', [{ ...ENTRY, parts: '*' }], 0],
    ['longer lists', [{ ...ENTRY, actions: ['stop', 'play'], parts: ['x', 'main'] }], 0],
    ['the second of two entries', [OTHER, ENTRY], 1],
    ['an entry beside a run', [RUN, ENTRY], 1],
    ['an entry beside values that are no entries', [null, 'playlist', 1, true, [], ENTRY], 5],
    ['another type', [{ ...ENTRY, type: 'playlists' }], DENIED],
    ['any type', [{ ...ENTRY, type: '*' }], DENIED],
    ['a list of types', [{ ...ENTRY, type: ['playlist'] }], DENIED],
    ['another identifier', [OTHER], DENIED],
    ['the beginning of the identifier', [{ ...ENTRY, identifier: 'p' }], DENIED],
    ['the identifier in another letter case', [{ ...ENTRY, identifier: 'P1' }], DENIED],
    ['a pattern of identifiers', [{ ...ENTRY, identifier: 'p*' }], DENIED],
    ['a list of identifiers', [{ ...ENTRY, identifier: ['p1'] }], DENIED],
    ['* in a list of identifiers', [{ ...ENTRY, identifier: ['*'] }], DENIED],
    ['another action', [{ ...ENTRY, actions: ['stop'] }], DENIED],
    ['the beginning of the action', [{ ...ENTRY, actions: ['pla', 'playing'] }], DENIED],
    ['* in the list of actions', [{ ...ENTRY, actions: ['*'] }], DENIED],
    ['another part', [{ ...ENTRY, parts: ['bar'] }], DENIED],
    ['parts that resemble it', [{ ...ENTRY, parts: ['main ', 'Main', 'mai', 'mains'] }], DENIED],
    ['* in the list of parts', [{ ...ENTRY, parts: ['*'] }], DENIED],
    ['the part among the actions', [{ ...ENTRY, actions: ['play', 'main'], parts: [] }], DENIED],
    [
      'the action in one entry, the part in another',
      [
        { ...ENTRY, parts: ['bar'] },
        { ...ENTRY, actions: ['stop'] },
      ],
      DENIED,
    ],
    [
      'the part for another identifier',
      [
        { ...ENTRY, parts: ['bar'] },
        { ...OTHER, parts: '*' },
      ],
      DENIED,
    ],
  ])('has the outcome for %s: %3$s', async (_, details, expected) => {
    expect(outcome(await verified(details), WANTED)).toBe(expected)
  })

  const NAMES = { type: 'playlist', identifier: 'p1', actions: 'play', parts: 'main' }
  const MALFORMED = [
    'null "" [] {} 0 1 true [[]] [null] [0] [""] "**" " *" {"0":"NAME","length":1} {"NAME":true}',
    '{"*":"*"} "NAME,NAME" [["NAME"]] ["NAME",7] ["NAME",""] ["NAME",["NAME"]] ["*",""]',
  ].flatMap((values) => values.split(/ (?!\*)/))
  const malformed = Object.entries(NAMES).flatMap(([member, name]) =>
    MALFORMED.map((json): [string, string] => [member, json.replaceAll('NAME', name)]),
  )
  test.each([...malformed, ['actions', '"play"'], ['parts', '"main"']])(
    'is denied for a malformed member: %s %s',
    async (member, json) => {
      const token = await verified([{ ...ENTRY, [member]: JSON.parse(json) as unknown }])
      expect([outcome(token, WANTED), outcome(token, NO_PART)]).toEqual([DENIED, DENIED])
    },
  )

  test.each(Object.keys(NAMES))('is denied when %s is absent', async (member) => {
    const token = await verified([{ ...ENTRY, [member]: undefined }])
    expect([outcome(token, WANTED), outcome(token, NO_PART)]).toEqual([DENIED, DENIED])
  })

  test.each(['identifier', 'action', 'part'])(
    'treats an asterisk as %s as a name',
    async (member) => {
      const wanted = { ...WANTED, [member]: '*' }
      expect(outcome(await verified([ENTRY]), wanted)).toBe(DENIED)
      const any = { ...ENTRY, identifier: '*', actions: '*', parts: '*' }
      expect(outcome(await verified([any]), wanted)).toBe(0)
    },
  )
})

describe('choice of the part', () => {
  /** Parts of each entry that fits otherwise; the outcomes for the part `main` and for no part. */
  test.each<[unknown[], number | string, number | string]>([
    [[], DENIED, DENIED],
    [[[]], DENIED, DENIED],
    [[undefined], DENIED, DENIED],
    [[[], null, undefined, 'main'], DENIED, DENIED],
    [[['main']], 0, 0],
    [[['bar']], DENIED, 0],
    [['*'], 0, 0],
    [[['*']], DENIED, 0],
    [[['main', 'main']], 0, 0],
    [[['main', 'bar']], 0, AMBIGUOUS],
    [[['bar', 'foyer']], DENIED, AMBIGUOUS],
    [[['main', '*']], 0, AMBIGUOUS],
    [[[], ['main']], 1, 1],
    [['main', ['main'], undefined], 1, 1],
    [[[], '*'], 1, 1],
    [[['bar'], ['main']], 1, AMBIGUOUS],
    [[['bar'], ['main', 'foyer']], 1, AMBIGUOUS],
    [[['main'], ['main']], AMBIGUOUS, AMBIGUOUS],
    [[['main'], '*'], AMBIGUOUS, AMBIGUOUS],
    [[['bar'], '*'], 1, AMBIGUOUS],
    [['*', '*'], AMBIGUOUS, AMBIGUOUS],
  ])(
    'has the outcome for entries with %j: main gives %s, no part gives %s',
    async (lists, asked, notAsked) => {
      const token = await verified(lists.map((parts) => ({ ...ENTRY, parts })))
      expect(outcome(token, WANTED)).toBe(asked)
      expect(outcome(token, NO_PART)).toBe(notAsked)
    },
  )

  test('ignores entries for other requests', async () => {
    const others = [
      { ...ENTRY, type: 'radio', parts: '*' },
      { ...ENTRY, identifier: 'p2', parts: '*' },
      { ...ENTRY, actions: ['stop'], parts: '*' },
    ]
    const token = await verified([...others, ENTRY])
    expect([outcome(token, WANTED), outcome(token, NO_PART)]).toEqual([3, 3])
  })

  test('is ambiguous for entries that differ in their policy members', async () => {
    const token = await verified([
      { ...ENTRY, max_volume: 3 },
      { ...ENTRY, max_volume: 11 },
    ])
    expect(outcome(token, WANTED)).toBe(AMBIGUOUS)
  })
})

describe('hostile details', () => {
  const withDetails = (json: string): Promise<VerifiedToken> => {
    const rest = JSON.stringify({ ...CLAIMS, authorization_details: undefined })
    const payload = rest.replace(/\}$/, `,"authorization_details":${json}}`)
    return verifier.verify(forge({ payload }), REQUIRED)
  }
  const entry = JSON.stringify(ENTRY)

  test.each<[string, string]>([
    ['an entry in place of the list', entry],
    ['an object that resembles a list', `{"0":${entry},"length":1}`],
    ['a list in a list', `[[${entry}]]`],
    ['an entry as text', JSON.stringify([entry])],
    ['an inherited entry', `[{"__proto__":${entry}}]`],
    ['inherited members', `[{"type":"playlist","__proto__":${entry}}]`],
    ['an inherited list', `[{"type":"playlist","actions":{"__proto__":["play"]}}]`],
    ['a list with a constructor', `[{"type":"playlist","constructor":{"prototype":${entry}}}]`],
    ['numbers as names', '[{"type":1,"identifier":1,"actions":[1],"parts":[1]}]'],
    ['null', 'null'],
    ['an asterisk', '"*"'],
  ])('grant nothing: %s', async (_, json) => {
    const token = await withDetails(json)
    expect([outcome(token, WANTED), outcome(token, NO_PART)]).toEqual([DENIED, DENIED])
  })

  test('grant nothing when they are inherited claims', async () => {
    const rest = JSON.stringify({ ...CLAIMS, authorization_details: undefined })
    const inherited = `"__proto__":{"authorization_details":[${entry}]}`
    const payload = rest.replace(/\}$/, `,${inherited}}`)
    expect(outcome(await verifier.verify(forge({ payload }), REQUIRED), WANTED)).toBe(DENIED)
  })

  test('grant nothing when another library extended Object.prototype', async () => {
    const token = await verified(
      Object.keys(ENTRY).map((member) => ({ ...ENTRY, [member]: undefined })),
    )
    const polluted = { ...ENTRY, actions: '*', parts: '*', authorization_details: [ENTRY] }
    const without = await verified(undefined)
    const seen: (number | string)[] = []
    try {
      Object.assign(Object.prototype, polluted)
      seen.push(outcome(token, WANTED), outcome(token, NO_PART), outcome(without, WANTED))
    } finally {
      for (const member of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, member)
    }
    expect(seen).toEqual([DENIED, DENIED, DENIED])
  })

  test.each(['__proto__', 'constructor', 'toString', 'length', '0'])(
    'match no inherited name of an object: %s',
    async (name) => {
      const token = await verified([ENTRY, { type: name }])
      for (const member of ['type', 'identifier', 'action', 'part']) {
        expect(outcome(token, { ...WANTED, [member]: name })).toBe(DENIED)
      }
    },
  )
})
