// Another spelling of a known name is recognized, and no other word is.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PARAMETERS } from '../src/oauth/parameters.ts'
import { createSpeller } from '../src/spelling.ts'
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

  it('are not recognized in a name that belongs to somebody', () => {
    for (const name of known) {
      for (const owned of [`https://example.com/${name}`, `urn:acme:${name}`, `acme:${name}`]) {
        expect(speller(owned)).toBeNull()
      }
    }
  })

  it('leave other words alone', () => {
    expect([...known, ...UNKNOWN].filter((name) => speller(name) !== null)).toEqual([])
  })
})

it('no text fails', () => {
  const speller = createSpeller(PARAMETERS.token)
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void speller(text)))
})

it.each(['s', '[', '\ufdfa', 'scope', ' ', '0'])(
  'the length of %j adds no more than its time',
  async (one) => {
    const speller = createSpeller(PARAMETERS.token)
    await expectLinear(5_000, (size) => {
      const text = one.repeat(size)
      return () => speller(text)
    })
  },
)
