// Table over keys and time: states of a key, and due steps.
import { describe, expect, it } from 'vitest'
import {
  type KeyPlan,
  type KeyStep,
  dueSteps,
  goneAt,
  isGone,
  jwksMaxAge,
  promotableAt,
  publicJwks,
  publishedKeys,
} from '../../src/signing/keyring.ts'
import type { KeyState, SigningKey } from '../../src/store/store.ts'

const NOW = 1_800_000_000
const HOUR = 3_600
const DAY = 24 * HOUR
/** The longest life of a token, and the most that a verifier's clock may be behind. */
const RETIREMENT = DAY + 60

/** A key and the seconds since it was made, began to sign and retired. */
const key = (
  kid: string,
  state: KeyState,
  { created = 0, activated, retired, ...more }: Ages = {},
): SigningKey => ({
  kid,
  algorithm: 'RS256',
  state,
  publicJwk: { kty: 'RSA' },
  privateJwe: null,
  createdAt: NOW - created,
  activatedAt: activated === undefined ? null : NOW - activated,
  retiredAt: retired === undefined ? null : NOW - retired,
  revokedAt: null,
  ...more,
})
type Ages = { created?: number; activated?: number; retired?: number } & Partial<SigningKey>

const active = (activated: number, more: Ages = {}) =>
  key('active', 'active', { created: activated, activated, ...more })
const next = (created: number, more: Ages = {}) => key('next', 'next', { created, ...more })
const retiring = (retired: number) => key('retiring', 'retiring', { created: 9 * DAY, retired })

const RS256 = { algorithm: 'RS256' } as const
const PROMOTE: KeyStep = { step: 'promote', ...RS256, from: 'active', to: 'next' }
const CREATE: KeyStep = { step: 'create', ...RS256 }
const REMOVE: KeyStep = { step: 'remove', kid: 'retiring' }

const daily = (days: number): KeyPlan => ({ algorithms: ['RS256'], rotationSeconds: days * DAY })
const never: KeyPlan = { algorithms: ['RS256'], rotationSeconds: null }
const both: KeyPlan = { algorithms: ['RS256', 'ES256'], rotationSeconds: 90 * DAY }
const es = { algorithm: 'ES256' } as const

type Case = [title: string, keys: SigningKey[], plan: KeyPlan, due: KeyStep[], maxAge: number]

const CASES: Case[] = [
  ['no keys', [], daily(90), [CREATE, CREATE], HOUR],
  ['after the first start', [active(0), next(0)], daily(90), [], HOUR],
  ['an hour before the rotation', [active(90 * DAY - HOUR), next(DAY)], daily(90), [], HOUR],
  ['a minute before the rotation', [active(90 * DAY - 60), next(2 * DAY)], daily(90), [], 60],
  ['a second before the rotation', [active(90 * DAY - 1), next(2 * DAY)], daily(90), [], 1],
  ['the time of the rotation', [active(90 * DAY), next(90 * DAY)], daily(90), [PROMOTE], 1],
  ['years without a process', [active(999 * DAY), next(999 * DAY)], daily(90), [PROMOTE], 1],
  ['the time of the rotation, which is off', [active(999 * DAY), next(999 * DAY)], never, [], HOUR],
  ['a next key a second too young', [active(99 * DAY), next(DAY - 1)], daily(90), [], 1],
  ['a next key just old enough', [active(99 * DAY), next(DAY)], daily(90), [PROMOTE], 1],
  [
    'a rotation more often than daily, too early',
    [active(23 * HOUR), next(23 * HOUR)],
    daily(1 / 24),
    [],
    HOUR,
  ],
  [
    'a rotation more often than daily, after a day',
    [active(DAY), next(DAY)],
    daily(1 / 24),
    [PROMOTE],
    1,
  ],
  [
    'an active key made long before it began to sign',
    [active(89 * DAY, { created: 200 * DAY }), next(89 * DAY)],
    daily(90),
    [],
    HOUR,
  ],
  [
    'an active key of an older version',
    [active(91 * DAY, { activatedAt: null }), next(DAY)],
    daily(90),
    [PROMOTE],
    1,
  ],
  ['a clock that was set back', [active(-90 * DAY), next(-DAY)], daily(90), [], HOUR],
  ['no next key', [active(99 * DAY)], daily(90), [CREATE], HOUR],
  ['no active key', [next(99 * DAY)], daily(90), [CREATE], HOUR],
  [
    'a retiring key before its end',
    [active(1), next(1), retiring(RETIREMENT - 20)],
    daily(90),
    [],
    20,
  ],
  [
    'a retiring key at its end',
    [active(1), next(1), retiring(RETIREMENT)],
    daily(90),
    [REMOVE],
    HOUR,
  ],
  [
    'a retiring key without a time',
    [active(1), next(1), key('retiring', 'retiring')],
    daily(90),
    [REMOVE],
    HOUR,
  ],
  [
    'revoked keys, however old',
    [active(1), next(1), key('gone', 'revoked', { created: 999 * DAY, retired: 999 * DAY })],
    daily(90),
    [],
    HOUR,
  ],
  [
    'two algorithms, each by its own age',
    [active(90 * DAY), next(DAY), active(1, { ...es, kid: 'a' }), next(1, { ...es, kid: 'n' })],
    both,
    [PROMOTE],
    1,
  ],
  [
    'a new algorithm',
    [active(1), next(1)],
    both,
    [
      { step: 'create', ...es },
      { step: 'create', ...es },
    ],
    HOUR,
  ],
  [
    'an algorithm that signs no more',
    [
      active(1),
      next(1),
      active(99 * DAY, { ...es, kid: 'a' }),
      next(99 * DAY, { ...es, kid: 'n' }),
    ],
    daily(90),
    [],
    HOUR,
  ],
]

describe('due steps', () => {
  it.each(CASES)('are the same in any order of the keys: %s', (_, keys, plan, due, maxAge) => {
    expect(dueSteps(keys, NOW, plan)).toEqual(due)
    expect(dueSteps(keys.toReversed(), NOW, plan)).toEqual(due)
    expect(jwksMaxAge(keys, NOW, plan)).toBe(maxAge)
  })
})

describe('published keys', () => {
  const STATES: [title: string, key: SigningKey, published: boolean][] = [
    ['active', active(0), true],
    ['next', next(0), true],
    ['retiring', retiring(0), true],
    ['retiring, in its last second', retiring(RETIREMENT - 1), true],
    ['retiring, after its end', retiring(RETIREMENT), false],
    ['revoked', key('revoked', 'revoked'), false],
    ['revoked while it was retiring', { ...retiring(0), state: 'revoked' }, false],
  ]

  it.each(STATES)('depend on the state of a key: %s', (_, one, published) => {
    expect(publishedKeys([one], NOW)).toEqual(published ? [one] : [])
    expect(publicJwks([one], NOW).keys).toHaveLength(published ? 1 : 0)
  })

  it('begin with the active key', () => {
    const keys = [retiring(0), next(0), active(0)]
    expect(publishedKeys(keys, NOW).map(({ state }) => state)).toEqual([
      'active',
      'next',
      'retiring',
    ])
  })
})

describe('times of a key', () => {
  it.each([
    [next(5), { promotable: NOW - 5 + DAY, gone: null }],
    [active(5), { promotable: null, gone: null }],
    [retiring(5), { promotable: null, gone: NOW - 5 + RETIREMENT }],
    [key('revoked', 'revoked', { retired: 5 }), { promotable: null, gone: null }],
  ])('follow from its state: %o', (one, { promotable, gone }) => {
    expect(promotableAt(one)).toBe(promotable)
    expect(goneAt(one)).toBe(gone)
    expect(isGone(one, NOW + 99 * DAY)).toBe(gone !== null)
  })
})
