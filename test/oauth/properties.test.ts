// Properties of the small parsers: encoded input is parsed back, other input is refused with an
// OAuthError, and narrowing never widens.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OAuthError } from '../../src/errors.ts'
import { parseBasic, readCredentials } from '../../src/oauth/credentials.ts'
import { decodeComponent } from '../../src/oauth/form-encoding.ts'
import { parseForm } from '../../src/oauth/form.ts'
import { isScopeToken } from '../../src/verifier/token/scope.ts'
import { narrow, parseScope } from '../../src/grants/narrowing.ts'
import type { Permission } from '../../src/store/store.ts'
import { anyText, bytes, formText, headerText, name, nearly, text } from '../support/arbitraries.ts'
import { basic } from '../support/server.ts'

const RUNS = { numRuns: 300 }

/** Returns the value, or undefined after a refusal. Any other error fails the property. */
const attempt = <T>(parse: () => T): T | undefined => {
  try {
    return parse()
  } catch (error) {
    if (error instanceof OAuthError) return undefined
    throw error
  }
}

describe('form parser', () => {
  test('parses encoded pairs back, without those that are empty', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, text), { selector: ([n]) => n }), (pairs) => {
        const encoded = new URLSearchParams(pairs).toString()
        expect([...parseForm(encoded)]).toEqual(pairs.filter(([, value]) => value !== ''))
      }),
      RUNS,
    )
  })

  test('refuses a repeated name in any position and spelling', () => {
    const percent = (s: string) =>
      [...Buffer.from(s)].map((b) => `%${b.toString(16).padStart(2, '0')}`).join('')
    fc.assert(
      fc.property(name, text, text, fc.array(fc.tuple(name, text)), (twice, a, b, others) => {
        const between = new URLSearchParams(others).toString()
        const first = new URLSearchParams([[twice, a]]).toString()
        const form = () => parseForm(`${first}&${between}&${percent(twice)}=${percent(b)}`)
        expect(form).toThrow(OAuthError)
      }),
      RUNS,
    )
  })

  test('parses or refuses any text', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, formText), (input) => {
        for (const [key, value] of attempt(() => parseForm(input)) ?? []) {
          expect(value).not.toBe('')
          expect(key + value).not.toContain('\0')
        }
      }),
      RUNS,
    )
  })

  test('decodes percent-encoding', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(decodeComponent(encodeURIComponent(value))).toBe(value)
      }),
      RUNS,
    )
  })
})

describe('Basic header parser', () => {
  const encode = (value: string) => new URLSearchParams([['', value]]).toString().slice(1)
  const own = fc.stringMatching(/^[\w-]{1,60}$/)

  test('parses any form-encoded credentials back (RFC 6749 §2.3.1)', () => {
    fc.assert(
      fc.property(text, text, (id, secret) => {
        const header = basic({ id: encode(id), secret: encode(secret) })
        expect(parseBasic(header)).toEqual({ clientId: id, secret })
      }),
      RUNS,
    )
  })

  test('parses credentials in the alphabet of Latchkey back, encoded or not', () => {
    fc.assert(
      fc.property(own, own, (id, secret) => {
        const expected = { clientId: id, secret }
        expect(parseBasic(basic({ id, secret }))).toEqual(expected)
        expect(encode(id) + encode(secret)).toBe(id + secret)
      }),
      RUNS,
    )
  })

  test('parses or refuses any header', () => {
    const header = fc.oneof(
      anyText,
      headerText,
      bytes.map((b) => `Basic ${Buffer.from(b).toString('base64')}`),
    )
    fc.assert(
      fc.property(header, formText, (authorization, form) => {
        const read = attempt(() => readCredentials(parseForm(form), authorization))
        if (read) expect(read.clientId + read.secret).not.toContain('\0')
      }),
      RUNS,
    )
  })
})

const scopeToken = fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,12}$/)

describe('scope parser', () => {
  test('keeps the order, drops repetitions, and parses its own result to the same list', () => {
    fc.assert(
      fc.property(fc.array(scopeToken, { minLength: 1 }), (names) => {
        const once = parseScope(names.join(' '))
        expect(once).toEqual([...new Set(names)])
        expect(parseScope(once.join(' '))).toEqual(once)
      }),
      RUNS,
    )
  })

  test('parses any text as a whole or refuses it', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, nearly([' ', '  ', '"', '\\', 'read'])), (input) => {
        const names = attempt(() => parseScope(input))
        expect(names !== undefined).toBe(input.split(' ').every(isScopeToken))
        expect(names === undefined || names.every((one) => input.includes(one))).toBe(true)
      }),
      RUNS,
    )
  })
})

describe('narrowing', () => {
  const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'] as const
  const some = fc.subarray([...NAMES])
  const permissions: fc.Arbitrary<Permission[]> = fc
    .tuple(...NAMES.map(() => fc.tuple(fc.boolean(), some)))
    .map((all) =>
      NAMES.flatMap((permission, i) =>
        all[i]?.[0] ? [{ name: permission, implies: all[i][1] }] : [],
      ),
    )

  /**
   * Computes the smallest set with `names` and everything that its members imply, by another
   * method.
   */
  const expansion = (names: readonly string[], declared: readonly Permission[]): Set<string> => {
    const reached = new Set(names.filter((one) => declared.some((p) => p.name === one)))
    for (let before = -1; before !== reached.size;) {
      before = reached.size
      for (const { name: one, implies } of declared) {
        if (!reached.has(one)) continue
        for (const other of implies) if (declared.some((p) => p.name === other)) reached.add(other)
      }
    }
    return reached
  }

  const audienceWith = (declared: Permission[]) => ({
    id: 'docs',
    requiresPlugin: false,
    tokenTtl: null,
    algorithm: 'RS256' as const,
    permissions: declared,
  })

  test('yields the requested permissions within the grant and its implied permissions, or refuses', () => {
    const asked = fc.option(fc.array(fc.constantFrom(...NAMES, 'other'), { minLength: 1 }))
    fc.assert(
      fc.property(permissions, some, asked, (declared, granted, names) => {
        const grants = [{ audience: audienceWith(declared), permissions: granted }]
        const scope = names?.join(' ')
        const narrowed = attempt(() => narrow({ scope }, { grants, plugins: [], details: [] }))
        const ceiling = expansion(granted, declared)
        const allowed = (names ?? []).every((one) => ceiling.has(one))
        expect(narrowed !== undefined).toBe(allowed)
        if (narrowed === undefined) return
        const expected = names === null ? ceiling : expansion(names, declared)
        expect(new Set(narrowed.scope)).toEqual(expected)
        expect(narrowed.scope).toHaveLength(expected.size)
        expect(narrowed.scope.every((one) => ceiling.has(one))).toBe(true)
      }),
      RUNS,
    )
  })

  test('yields only an audience and a plugin that the client has', () => {
    const id = fc.constantFrom('docs', 'mail', 'https://api.example', 'https://other.example', '')
    const request = fc.record(
      { audience: id, resource: id, pluginId: fc.constantFrom('p', 'q', 'r') },
      { requiredKeys: [] },
    )
    const subject = fc.record({
      audiences: fc.subarray(['docs', 'mail', 'https://api.example']),
      pluginIds: fc.subarray(['p', 'q']),
      requiresPlugin: fc.boolean(),
    })
    fc.assert(
      fc.property(request, subject, (asked, { audiences, pluginIds, requiresPlugin }) => {
        const grants = audiences.map((one) => ({
          audience: { ...audienceWith([]), id: one, requiresPlugin },
          permissions: [],
        }))
        const plugins = pluginIds.map((one) => ({
          id: one,
          status: 'active' as const,
          trust: 'trusted' as const,
          capabilities: [],
          snapshot: null,
          generation: 1,
        }))
        const narrowed = attempt(() => narrow(asked, { grants, plugins, details: [] }))
        if (narrowed === undefined) return
        const { audience, plugin } = narrowed
        expect(audiences).toContain(audience.id)
        expect(asked.audience ?? audience.id).toBe(audience.id)
        expect(asked.resource ?? audience.id).toBe(audience.id)
        expect(plugin === null ? !requiresPlugin : pluginIds.includes(plugin.id)).toBe(true)
        expect(asked.pluginId ?? plugin?.id).toBe(plugin?.id)
      }),
      RUNS,
    )
  })
})
