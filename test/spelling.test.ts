// Spellings of known names: another spelling is recognized, and no other word is.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PARAMETERS } from '../src/oauth/parameters.ts'
import { createSpeller } from '../src/text/spelling.ts'
import { expectLinear } from './support/growth.ts'
import { UNKNOWN, spellingsOf } from './support/spellings.ts'

const LISTS = Object.entries(PARAMETERS)

describe.each(LISTS)('parameter of %s', (_, known) => {
  const speller = createSpeller(known)

  it.each([...known])('%s is recognized in every other spelling', (name) => {
    expect(spellingsOf(name).length).toBeGreaterThan(50)
    for (const spelling of spellingsOf(name)) {
      const meant = known.includes(spelling as never) ? null : name
      expect([spelling, speller(spelling)]).toEqual([spelling, meant])
    }
  })

  it('is recognized with a control character', () => {
    for (const name of known) expect(speller(`${name}\0`)).toBe(name)
  })

  it('is not recognized in a name with a namespace', () => {
    for (const name of known) {
      const namespaces = ['https://example.com/', 'urn:acme:', 'acme:', 'acme/', '//acme/']
      for (const owned of namespaces.map((namespace) => namespace + name)) {
        expect([owned, speller(owned)]).toEqual([owned, null])
      }
    }
  })

  it('is not recognized in unknown words', () => {
    expect([...known, ...UNKNOWN].filter((name) => speller(name) !== null)).toEqual([])
  })
})

/** Synonyms of parameters, each refused at the endpoints that have the parameter. */
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

describe('synonym of a parameter', () => {
  it.each(SYNONYMS)('%s is recognized as %s in every spelling', (word, meant) => {
    const speller = createSpeller(PARAMETERS.token)
    for (const spelling of [word, ...spellingsOf(word)]) {
      expect([spelling, speller(spelling)]).toEqual([spelling, meant])
    }
  })

  it.each(SYNONYMS)('%s is unknown where %s is', (word, meant) => {
    const others = ['token', 'grants', word].filter((name) => name !== meant)
    expect(createSpeller(['token', 'grants'])(word)).toBeNull()
    expect(createSpeller(others)(word)).toBeNull()
    expect(createSpeller([...others, meant])(word)).toBeNull()
  })
})

it('speller accepts any text', () => {
  const speller = createSpeller(PARAMETERS.token)
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void speller(text)))
})

it.each(['s', '[', '\ufdfa', 'scope', ' ', '0', ':', '/a', 'list'])(
  'speller takes time in proportion to the length of %j',
  async (one) => {
    const speller = createSpeller(PARAMETERS.token)
    await expectLinear(5_000, (size) => {
      const text = one.repeat(size)
      return () => speller(text)
    })
  },
)
