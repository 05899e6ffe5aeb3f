// Narrowing (RFC 9396 §6): a request gets its grant or less, never more, and never by omission.
import { describe, expect, it } from 'vitest'
import {
  MAX_DETAILS,
  MAX_DETAIL_LIST,
  MAX_DETAIL_MEMBERS,
  MAX_DETAIL_TEXT_CHARS,
} from '../src/constants.ts'
import { formError, requiredMembers, takenDetails, targetOf } from '../src/grants/details.ts'
import { isHeld, narrowDetails } from '../src/grants/held-details.ts'
import type { AuthorizationDetail, DetailValue } from '../src/store/store.ts'

type Members = Record<string, DetailValue>

const playlist = (members: Members = {}): AuthorizationDetail => ({
  type: 'playlist',
  identifier: 'evening',
  actions: ['play', 'skip'],
  parts: ['zone-a', 'zone-b'],
  ...members,
})
const run = (members: Members = {}): AuthorizationDetail => ({
  type: 'tool_run',
  identifier: '*',
  project_id: 'p1',
  locations: ['/v1/issues'],
  actions: '*',
  ...members,
})
const ask = (members: Members = {}, type = 'playlist'): AuthorizationDetail => ({
  type,
  ...members,
})

/** Narrows a request to one granted entry; null when it is refused. */
const narrowed = (granted: AuthorizationDetail, asked: AuthorizationDetail) => {
  const outcome = narrowDetails([granted], [asked])
  return 'refused' in outcome ? null : outcome.details[0]
}

describe('granted entry', () => {
  const limited = playlist({ volume: 5, loud: false, days: ['mon', 2], at: '*' })

  /** The grant, the request, and the result; null when it is refused. */
  const cases: [granted: AuthorizationDetail, asked: Members, result: Members | null][] = [
    [playlist(), {}, playlist()],
    [playlist(), { identifier: 'evening' }, playlist()],
    [playlist(), { identifier: 'morning' }, null],
    [playlist(), { identifier: 'Evening' }, null],
    [playlist(), { identifier: 'evening ' }, null],
    [playlist(), { identifier: '*' }, null],
    [playlist(), { actions: ['play'] }, playlist({ actions: ['play'] })],
    [playlist(), { actions: ['skip', 'play'] }, playlist({ actions: ['skip', 'play'] })],
    [playlist(), { actions: [] }, playlist({ actions: [] })],
    [playlist(), { actions: ['play', 'stop'] }, null],
    [playlist(), { actions: ['pla'] }, null],
    [playlist(), { actions: 'play' }, null],
    [playlist(), { actions: '*' }, null],
    [playlist({ actions: [] }), { actions: [] }, playlist({ actions: [] })],
    [playlist({ actions: [] }), { actions: ['play'] }, null],
    [playlist({ actions: [] }), { actions: '*' }, null],
    [playlist({ actions: '*' }), {}, playlist({ actions: '*' })],
    [playlist({ actions: '*' }), { actions: '*' }, playlist({ actions: '*' })],
    [playlist({ actions: '*' }), { actions: ['any'] }, playlist({ actions: ['any'] })],
    [playlist({ actions: '*' }), { actions: [] }, playlist({ actions: [] })],
    [playlist({ identifier: '*' }), { identifier: 'any' }, playlist({ identifier: 'any' })],
    [playlist({ identifier: '*' }), {}, null],
    [playlist(), { volume: 5 }, null],
    [playlist(), { constructor: 'x' }, null],
    [playlist(), { toString: '*' }, null],
    [limited, {}, limited],
    [limited, { volume: 5, loud: false, days: [2] }, { ...limited, days: [2] }],
    [limited, { volume: 4 }, null],
    [limited, { volume: '5' }, null],
    [limited, { volume: [5] }, null],
    [limited, { volume: '*' }, null],
    [limited, { loud: true }, null],
    [limited, { loud: 'false' }, null],
    [limited, { loud: 0 }, null],
    [limited, { days: ['2'] }, null],
    [limited, { at: 'noon' }, { ...limited, at: 'noon' }],
    [limited, { at: ['noon', 12] }, { ...limited, at: ['noon', 12] }],
    [playlist({ volume: 0 }), { volume: -0 }, playlist({ volume: -0 })],
    [playlist({ volume: 0 }), { volume: false }, null],
  ]
  it.each(cases)('%j narrows the request %j', (granted, asked, result) => {
    expect(narrowed(granted, ask(asked))).toEqual(result)
  })

  it('covers requests of its own type only', () => {
    expect(narrowed(playlist(), ask({}, 'room'))).toBeNull()
    expect(narrowed(run(), ask({}, 'playlist'))).toBeNull()
  })

  it('covers an entry for another client when it has all of its limits', () => {
    const given: [entry: AuthorizationDetail, expected: boolean][] = [
      [limited, true],
      [{ ...limited, actions: [], at: 1 }, true],
      [{ ...limited, actions: '*' }, false],
      [playlist({ volume: 5, loud: false, days: ['mon', 2] }), false],
      [playlist(), false],
      [{ ...limited, more: 1 }, false],
      [ask(), false],
    ]
    for (const [entry, expected] of given) expect(isHeld([limited], entry)).toBe(expected)
  })
})

describe('several granted entries', () => {
  const evening = playlist()
  const morning = playlist({ identifier: 'morning' })
  const anything = playlist({ identifier: '*', actions: '*', parts: '*' })
  const seven = ask({ identifier: 'run-7' }, 'tool_run')

  const cases: [
    title: string,
    granted: AuthorizationDetail[],
    asked: AuthorizationDetail[],
    outcome: AuthorizationDetail[] | string,
  ][] = [
    ['no request', [evening], [], []],
    ['a request without a grant', [], [ask()], 'details_not_granted'],
    ['the only entry', [evening], [ask()], [evening]],
    ['one by its id', [evening, morning], [ask({ identifier: 'morning' })], [morning]],
    ['both entries', [evening, morning], [morning, evening], [morning, evening]],
    ['a request that fits two entries', [evening, morning], [ask()], 'details_ambiguous'],
    ['a whole entry that two grants cover', [evening, anything], [evening], [evening]],
    [
      'a partial entry that two grants cover differently',
      [evening, anything],
      [ask({ identifier: 'evening' })],
      'details_ambiguous',
    ],
    [
      'an entry that two grants cover, one with a limit',
      [evening, playlist({ volume: 5 })],
      [evening],
      'details_ambiguous',
    ],
    [
      'an entry that two grants cover alike',
      [playlist({ actions: ['play'] }), evening],
      [playlist({ actions: ['play'] })],
      [playlist({ actions: ['play'] })],
    ],
    [
      'an entry that two grants cover alike, in another order',
      [evening, playlist({ actions: ['skip', 'play'] })],
      [ask()],
      [playlist({ actions: ['skip', 'play'] })],
    ],
    [
      'an entry that only two grants together cover',
      [playlist({ actions: ['play'] }), playlist({ actions: ['skip'] })],
      [playlist({ actions: ['play', 'skip'] })],
      'details_not_granted',
    ],
    ['one covered and one uncovered request', [evening], [evening, morning], 'details_not_granted'],
    ['a repeated request', [evening], [ask(), evening], 'details_repeated'],
    [
      'a repeated request in another order',
      [evening],
      [ask({ actions: ['play', 'skip'] }), ask({ actions: ['skip', 'play'] })],
      'details_repeated',
    ],
    ['a run', [run()], [seven], [run({ identifier: 'run-7' })]],
    ['a request without a run', [run()], [ask({}, 'tool_run')], 'run_not_named'],
    ['a request for any run', [run()], [ask({ identifier: '*' }, 'tool_run')], 'run_not_named'],
    [
      'a request without a run for a granted run',
      [run({ identifier: 'run-7' })],
      [ask({}, 'tool_run')],
      [run(seven)],
    ],
    ['a run of two projects', [run(), run({ project_id: 'p2' })], [seven], 'details_ambiguous'],
    [
      'a run of one of two projects',
      [run(), run({ project_id: 'p2' })],
      [{ ...seven, project_id: 'p2' }],
      [run({ ...seven, project_id: 'p2' })],
    ],
  ]
  it.each(cases)('narrow %s', (_, granted, asked, outcome) => {
    const narrowed = narrowDetails(granted, asked)
    expect('refused' in narrowed ? narrowed.refused : narrowed.details).toEqual(outcome)
  })
})

describe('form of an entry', () => {
  const textOf = (chars: number) => 'x'.repeat(chars)
  const listOf = (length: number) => Array.from({ length }, (_, i) => `${i}`)
  const membersOf = (count: number) => Object.fromEntries(listOf(count).map((n) => [`m${n}`, 1]))

  it.each<[value: unknown]>([
    [[]],
    [[playlist()]],
    [[ask()]],
    [[run(), run({ identifier: 'x' })]],
    [[ask({ a: 'x', b: 1.5, c: -1e-7, d: false, e: [], f: ['x', 1, true] })]],
    [[ask({ a: '*', identifier: '*', actions: '*', parts: '*' })]],
    [[ask({ 'a-b.c:d_9': 1, constructor: 'x', toString: 1, hasOwnProperty: ['y'] })]],
    [[ask({ identifier: 'ключ 🔑' })]],
    [[ask({}, 'constructor'), ask({}, '__proto__')]],
    [[ask({ a: textOf(MAX_DETAIL_TEXT_CHARS), b: listOf(MAX_DETAIL_LIST) })]],
    [[ask(membersOf(MAX_DETAIL_MEMBERS - 1))]],
    [listOf(MAX_DETAILS).map((identifier) => ask({ identifier }))],
  ])('is valid: case %#', (value) => {
    expect(formError(value)).toBeNull()
  })

  const bad: [value: unknown, path: string][] = [
    ...[null, undefined, {}, '', '[]', 1, true, playlist()].map((value): [unknown, string] => [
      value,
      '',
    ]),
    [listOf(MAX_DETAILS + 1).map((identifier) => ask({ identifier })), ''],
    [[playlist(), playlist()], ''],
    [[playlist(), playlist({ actions: ['skip', 'play'] })], ''],
    ...[null, 'playlist', 1, [], [playlist()]].map((value): [unknown, string] => [[value], '0']),
    ...[undefined, null, '', '*', 1, ['playlist'], {}, textOf(MAX_DETAIL_TEXT_CHARS + 1)].map(
      (type): [unknown, string] => [[playlist(), { identifier: 'x', type }], '1.type'],
    ),
    [[ask(membersOf(MAX_DETAIL_MEMBERS))], '0'],
    ...['', '1', '_a', '$a', 'a b', 'a\n', 'é', '🔑', `a${textOf(64)}`, '-'].map(
      (name): [unknown, string] => [[ask({ [name]: 1 })], '0'],
    ),
    [JSON.parse('[{"type":"playlist","__proto__":{"a":1}}]'), '0'],
    ...[
      null,
      undefined,
      {},
      '',
      NaN,
      Infinity,
      -Infinity,
      10n,
      () => 1,
      [null],
      [['x']],
      [{}],
      [''],
      [NaN],
      ['*'],
      ['x', '*'],
      ['x', 'x'],
      [0, -0],
      textOf(MAX_DETAIL_TEXT_CHARS + 1),
      listOf(MAX_DETAIL_LIST + 1),
      new Date(0),
    ].map((a): [unknown, string] => [[{ type: 'playlist', a }], '0.a']),
    ...[1, true, [], ['x'], ''].map((identifier): [unknown, string] => [
      [ask({ identifier })],
      '0.identifier',
    ]),
    ...['play', 1, false, [1], ['*'], ['play', true]].flatMap((value): [unknown, string][] => [
      [[ask({ actions: value })], '0.actions'],
      [[ask({ parts: value })], '0.parts'],
      [[run({ locations: value })], '0.locations'],
    ]),
    ...['*', '', 1, ['p1']].map((project_id): [unknown, string] => [
      [run({ project_id })],
      '0.project_id',
    ]),
  ]
  it.each(bad)('is refused: %o', (value, path) => {
    expect(formError(value)).toMatchObject({ path, must: expect.any(String) as unknown })
  })

  it('depends on its type: project_id of a resource is free', () => {
    expect(formError([ask({ project_id: '*', locations: 1 })])).toBeNull()
    expect(formError([run({ parts: 1 })])).toBeNull()
    expect(requiredMembers('tool_run')).toEqual([
      'identifier',
      'project_id',
      'locations',
      'actions',
    ])
    expect(requiredMembers('constructor')).toEqual(['identifier', 'actions', 'parts'])
  })
})

describe('takenDetails', () => {
  it.each<[title: string, after: AuthorizationDetail[], taken: number]>([
    ['no entry', [run(), playlist()], 0],
    ['no entry in another order', [playlist({ actions: ['skip', 'play'] }), run()], 0],
    ['an action', [playlist({ actions: ['play'] }), run()], 1],
    ['an action that became all', [playlist({ actions: '*' }), run()], 1],
    ['an identifier that became another text', [playlist({ identifier: '1' }), run()], 1],
    ['all entries', [], 2],
  ])('finds %s', (_, after, taken) => {
    expect(takenDetails([playlist(), run()], after)).toHaveLength(taken)
  })
})

it.each<[AuthorizationDetail, identifier: string | null, parts: string[] | null]>([
  [playlist(), 'evening', ['zone-a', 'zone-b']],
  [playlist({ parts: '*' }), 'evening', null],
  [playlist({ identifier: '*', parts: [] }), null, []],
])('targetOf %j is %s', (one, identifier, parts) => {
  expect(targetOf(one)).toEqual({ type: 'playlist', identifier, parts })
})
