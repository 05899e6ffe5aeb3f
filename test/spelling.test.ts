// Another spelling of a known name is recognized, and no other word is.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PARAMETERS } from '../src/oauth/parameters.ts'
import { createSpeller } from '../src/text/spelling.ts'
import { expectLinear } from './support/growth.ts'
import { UNKNOWN, spellingsOf } from './support/spellings.ts'

const LISTS = Object.entries(PARAMETERS)

describe.each(LISTS)('the parameters of %s', (_, known) => {
  const speller = createSpeller(known)

  it.each([...known])('%s is recognized in every other spelling', (name) => {
    expect(spellingsOf(name).length).toBeGreaterThan(50)
    for (const spelling of spellingsOf(name)) {
      const meant = known.includes(spelling as never) ? null : name
      expect([spelling, speller(spelling)]).toEqual([spelling, meant])
    }
  })

  it('are recognized with a control character', () => {
    for (const name of known) expect(speller(`${name}\0`)).toBe(name)
  })

  it('are not recognized in a name that belongs to somebody', () => {
    for (const name of known) {
      const namespaces = ['https://example.com/', 'urn:acme:', 'acme:', 'acme/', '//acme/']
      for (const owned of namespaces.map((namespace) => namespace + name)) {
        expect([owned, speller(owned)]).toEqual([owned, null])
      }
    }
  })

  it('leave other words alone', () => {
    expect([...known, ...UNKNOWN].filter((name) => speller(name) !== null)).toEqual([])
  })
})

/** What each endpoint that can narrow by it makes of another word for a parameter. */
const SYNONYMS: [word: string, meant: string][] = [
  ['plugin', 'plugin_id'],
  ['aud', 'audience'],
  ['audience_id', 'audience'],
  ['scp', 'scope'],
  ['permission', 'scope'],
  ['permissions', 'scope'],
  ['resource_indicator', 'resource'],
  ['authorisation_details', 'authorization_details'],
]

describe('another word for a parameter that narrows', () => {
  it.each(SYNONYMS)('%s means %s, in every spelling', (word, meant) => {
    const speller = createSpeller(PARAMETERS.token)
    for (const spelling of [word, ...spellingsOf(word)]) {
      expect([spelling, speller(spelling)]).toEqual([spelling, meant])
    }
  })

  it.each(SYNONYMS)('%s is any other word where %s is not known', (word, meant) => {
    const others = ['token', 'grants', word].filter((name) => name !== meant)
    expect(createSpeller(['token', 'grants'])(word)).toBeNull()
    expect(createSpeller(others)(word)).toBeNull()
    expect(createSpeller([...others, meant])(word)).toBeNull()
  })
})

it('no text fails', () => {
  const speller = createSpeller(PARAMETERS.token)
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void speller(text)))
})

it.each(['s', '[', '\ufdfa', 'scope', ' ', '0', ':', '/a', 'list'])(
  'the length of %j adds no more than its time',
  async (one) => {
    const speller = createSpeller(PARAMETERS.token)
    await expectLinear(5_000, (size) => {
      const text = one.repeat(size)
      return () => speller(text)
    })
  },
)
