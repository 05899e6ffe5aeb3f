// Texts made of several ids: two different tuples never have the same text. Ids may have `.`, `_`,
// `:`, `/`, `~`, `-`.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resourceTarget, runTarget } from '../src/audit/target.ts'
import { formatCursor } from '../src/revocation/cursor.ts'
import { namedRunValue, runRuleValue } from '../src/grants/taking-away.ts'
import { runValue } from '../src/verifier/revocation/revocable-token.ts'
import { sources } from './support/imports.ts'

const ALPHABET = ['a', '1', '.', '_', ':', '/', '~', '-']

/** Short ids of few characters, so that one text can often be cut in two places. */
const id = fc
  .tuple(
    fc.constantFrom('a', '1'),
    fc.array(fc.constantFrom(...ALPHABET), { maxLength: 4 }).map((rest) => rest.join('')),
  )
  .map(([first, rest]) => first + rest)

/** All ways to cut one text at one of its separators, and at two. */
const cuts = fc.tuple(id, id, id).map(([a, b, c]) =>
  ALPHABET.flatMap((x): [string, string][] => [
    [a, `${b}${x}${c}`],
    [`${a}${x}${b}`, c],
    [a, b],
    [b, a],
  ]),
)

type Join = (first: string, second: string) => string | null | Promise<string>

const JOINS: Record<string, Join> = {
  'the audit target of a run': (workspaceId, identifier) => runTarget({ workspaceId, identifier }),
  'the audit target of a resource': (type, id) => resourceTarget({ type, id }),
  'the key of a closed run': namedRunValue,
  'the value of a rule over a run': runRuleValue,
  'the value of a rule over a run at the verifier': runValue,
}

describe('text of two ids', () => {
  it.each(Object.entries(JOINS))('is unique for each pair: %s', async (_, join) => {
    await fc.assert(
      fc.asyncProperty(cuts, async (pairs) => {
        const texts = new Map<string, string>()
        for (const pair of pairs) {
          const text = await join(...pair)
          expect(text).not.toBeNull()
          const before = texts.get(String(text)) ?? JSON.stringify(pair)
          expect(JSON.stringify(pair)).toBe(before)
          texts.set(String(text), before)
        }
      }),
    )
  })

  it('is unique for a run outside every workspace', () => {
    fc.assert(
      fc.property(id, id, id, (workspaceId, identifier, alone) => {
        const free = { workspaceId: null, identifier: alone }
        expect(runTarget({ workspaceId, identifier })).not.toBe(runTarget(free))
        expect(namedRunValue(workspaceId, identifier)).not.toBe(namedRunValue(null, alone))
      }),
    )
  })

  it('is null for a text that cannot be an id', () => {
    for (const bad of ['', 'a#b', '#', 'a b', 'a\nb', 'é', 'a'.repeat(129), 5, null, {}]) {
      expect(runTarget({ workspaceId: 'acme', identifier: bad as string })).toBeNull()
      expect(resourceTarget({ type: bad as string, id: 'x' })).toBeNull()
      if (bad === '' || bad === null) continue // means no workspace
      expect(runTarget({ workspaceId: bad as string, identifier: 'x' })).toBeNull()
    }
  })

  it('is unique for each cursor of the list', () => {
    const epoch = fc.stringMatching(/^[\w-]{1,4}$/)
    const of = fc.record({ epoch, seq: fc.nat(), more: fc.boolean() })
    fc.assert(
      fc.property(of, of, (a, b) => {
        expect(formatCursor(a) === formatCursor(b)).toBe(JSON.stringify(a) === JSON.stringify(b))
      }),
    )
  })
})

/** Two values with characters of ids alone between them, in a template or in SQL. */
const JOINED = /\$\{[^{}]+\}[._:/~-]?\$\{[^{}]+\}|\|\|\s*'[\w.:/~-]?'\s*\|\|/g

/** Reasons why a joined text means one tuple, or is compared with no other. */
const UNAMBIGUOUS: Record<string, string[]> = {
  'a cursor: its epoch has no full stop': ['${epoch}.${seq}', '${epoch}.${String(seq)'],
  'a word of ours without a colon, and an id': ['${scope}:${id}'],
  'parts of a JWS, of which none has a full stop': [
    '${base64url(header)}.${base64url(payload)}',
    '${input}.${await sign(input)',
  ],
  'an address to be fetched': ['${address}${separator}'],
  'two numbers': ['${others.get()}.${ours()}'],
  'a random id and a number': ['${row.id.slice(-8)}-${row.expiresAt', '${row.id.slice(-8)}-${row'],
  'a path of a field, to be read': [
    '${i}.${error.field}',
    '${field}.${i}',
    '${i}.${member}',
    '${field}.${error.path}',
  ],
  'a pair of ids with what none of them has': ['${first}${TARGET_SEPARATOR}'],
  'the name of an action of ours: its noun has no full stop': ['${infer Noun}.${string}'],
  'each part encoded': ['${encodeURIComponent(type)}/${encodeURIComponent(id)}'],
  'a cursor of the test issuer': ['${EPOCH}.${String(entries.length)'],
  'a message, to be read': [
    '${host}:${port}',
    '${status}${redirects}',
    '${limit}${unit}',
    '${must}${not}',
  ],
  'paths of files': ['${path}.${randomUUID()}', '${stamp}${suffix}', '${path}${suffix}'],
}

/** Files whose joined texts are shown and never compared. */
const FOR_PEOPLE = /^(cli\/|admin\/reference\/)/

it('source code joins ids in no other place', () => {
  const allowed = Object.values(UNAMBIGUOUS).flat()
  const code = [...sources()].filter(([path]) => !FOR_PEOPLE.test(path))
  const found = code.flatMap(([path, text]) =>
    [...text.matchAll(JOINED)]
      .map(([joined]) => joined)
      .filter((joined) => !allowed.some((known) => joined.startsWith(known)))
      .map((joined) => `${path}: ${joined}`),
  )
  expect(found).toEqual([])
})
