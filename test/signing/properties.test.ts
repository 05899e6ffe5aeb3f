// Properties of keys under any sequence of acts: one key signs and one comes next, no process signs
// with a key that followers may lack, and every token can be checked while it lives.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rotateKeys } from '../../src/admin/key-rotation.ts'
import { revokeAllKeys, revokeKey } from '../../src/admin/keys.ts'
import { dueSteps, publishedKeys } from '../../src/signing/keyring.ts'
import type { SigningKey } from '../../src/store/store.ts'
import { token } from '../store/contract/records.ts'
import { adminOf } from '../support/admin.ts'
import { keep, ALGORITHMS, DAY, HOUR, ROTATION, another, start } from './support.ts'

/** An act on the keys; `who` is one of two processes, `which` a key by its number. */
type Act = { do: 'keep' | 'rotate' | 'now' | 'revoke' | 'all'; who: 0 | 1; which: number }
type Step = { wait: number; acts: Act[] }

/** Acts that let a key sign although it has been published for less than a day. */
const HURRIED: readonly Act['do'][] = ['now', 'revoke', 'all']

const act: fc.Arbitrary<Act> = fc.record({
  do: fc.constantFrom('keep', 'keep', 'keep', 'rotate', 'now', 'revoke', 'all'),
  who: fc.constantFrom(0, 1),
  which: fc.nat(20),
})
/** The acts of a step are done at once. */
const step: fc.Arbitrary<Step> = fc.record({
  wait: fc.constantFrom(
    0,
    1,
    HOUR,
    DAY - 1,
    DAY,
    DAY + 59,
    DAY + 60,
    30 * DAY,
    ROTATION,
    9 * ROTATION,
  ),
  acts: fc.array(act, { minLength: 1, maxLength: 2 }),
})
const rotation = fc.constantFrom(null, HOUR, 30 * DAY, ROTATION)

type Signed = { kid: string; text: string; expiresAt: number }

const open = async (rotationSeconds: number | null) => {
  const server = await start(rotationSeconds)
  const processes = [server.deps, another(server)] as const
  const signed: Signed[] = []

  const perform = async ({ do: what, who, which }: Act): Promise<void> => {
    const admin = { ...adminOf(server), deps: processes[who] }
    const keys = await server.store.listKeys()
    if (what === 'keep') await keep(processes[who])
    else if (what === 'revoke') await revokeKey(admin, keys[which % keys.length]?.kid ?? '')
    else if (what === 'all') await revokeAllKeys(admin)
    else await rotateKeys(admin, { now: what === 'now' })
  }

  /** Signs with both processes. Each token has the longest lifetime. */
  const sign = async (active: ReadonlyMap<string, SigningKey>): Promise<void> => {
    for (const [algorithm, key] of active) {
      for (const { signer } of processes) {
        const options = { algorithm: key.algorithm, typ: 'x' }
        const { kid, token: text } = await signer.sign({ algorithm }, options)
        expect(kid).toBe(key.kid)
        signed.push({ kid, text, expiresAt: server.seconds() + DAY })
      }
    }
  }

  const checkSigned = async (keys: readonly SigningKey[]): Promise<void> => {
    for (const { kid, text, expiresAt } of signed) {
      const { state } = keys.find((key) => key.kid === kid) ?? {}
      for (const { signer } of processes) {
        const verified = await signer.verify(text)
        if (state === 'revoked') expect(verified).toBeNull()
        // A token is good to the last second of the slowest clock.
        else if (server.seconds() < expiresAt + 60) expect(verified).toMatchObject({ kid })
        else break
      }
      const rule = await server.store.findRevocation(token({ kid }))
      expect(rule).toBe(state === 'revoked' ? 'key' : null)
    }
  }

  return { server, perform, sign, checkSigned }
}

/** The active key of each algorithm. Each algorithm has one active and one next key. */
const activeOf = (keys: readonly SigningKey[]): Map<string, SigningKey> => {
  const inState = (algorithm: string, state: string) =>
    keys.filter((key) => key.algorithm === algorithm && key.state === state)
  return new Map(
    ALGORITHMS.map((algorithm) => {
      const [active, next] = [inState(algorithm, 'active'), inState(algorithm, 'next')]
      expect([active.length, next.length]).toEqual([1, 1])
      for (const key of [...active, ...next]) expect(key.privateJwe).not.toBeNull()
      return [algorithm, active[0] as SigningKey] as const
    }),
  )
}

/** Checks a key that has just become active. */
const expectOldEnough = (key: SigningKey, before: ReadonlyMap<string, SigningKey>): void => {
  if (before.get(key.algorithm)?.kid === key.kid) return
  expect((key.activatedAt ?? 0) - key.createdAt).toBeGreaterThanOrEqual(DAY)
}

describe('keys of the store', () => {
  it(
    'keep all promises under any sequence of acts of two processes',
    { timeout: 120_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(
          rotation,
          fc.array(step, { maxLength: 10 }),
          async (rotationSeconds, steps) => {
            const { server, perform, sign, checkSigned } = await open(rotationSeconds)
            for (const { wait, acts } of steps) {
              const before = activeOf(await server.store.listKeys())
              await sign(before)
              server.advance(wait)
              await Promise.allSettled(acts.map(perform))
              const keys = await server.store.listKeys()
              const after = activeOf(keys)
              const hurried = acts.some((one) => HURRIED.includes(one.do))
              if (!hurried) for (const key of after.values()) expectOldEnough(key, before)
              await checkSigned(keys)
            }
          },
        ),
        { numRuns: 40 },
      )
    },
  )
})

/** Applies the due steps without a store. */
const taken = (keys: SigningKey[], now: number, rotationSeconds: number | null): SigningKey[] => {
  let made = 0
  const fresh = (state: 'active' | 'next', algorithm: SigningKey['algorithm']): SigningKey => ({
    kid: `${now} ${made++}`,
    algorithm,
    state,
    publicJwk: {},
    privateJwe: 'x',
    createdAt: now,
    activatedAt: state === 'active' ? now : null,
    retiredAt: null,
    revokedAt: null,
  })
  return dueSteps(keys, now, { algorithms: ALGORITHMS, rotationSeconds }).reduce((all, due) => {
    if (due.step === 'remove') return all.filter(({ kid }) => kid !== due.kid)
    const { algorithm } = due
    const of = (state: string) => (key: SigningKey) =>
      key.algorithm === algorithm && key.state === state
    if (due.step === 'create')
      return [...all, fresh(all.some(of('active')) ? 'next' : 'active', algorithm)]
    const promoted = all.map((key): SigningKey => {
      if (key.kid === due.from) return { ...key, state: 'retiring', retiredAt: now }
      return key.kid === due.to ? { ...key, state: 'active', activatedAt: now } : key
    })
    return [...promoted, fresh('next', algorithm)]
  }, keys)
}

describe('due steps without a store', () => {
  it('leave nothing due, keep every key for as long as its tokens live, and rotate once', () => {
    fc.assert(
      fc.property(rotation, fc.array(fc.nat(3 * ROTATION)), (rotationSeconds, waits) => {
        const plan = { algorithms: ALGORITHMS, rotationSeconds }
        let now = 1_800_000_000
        let keys = taken([], now, rotationSeconds)
        for (const wait of waits) {
          const before = activeOf(keys)
          now += wait
          keys = taken(keys, now, rotationSeconds)
          expect(dueSteps(keys, now, plan)).toEqual([])
          for (const key of activeOf(keys).values()) expectOldEnough(key, before)
          const published = publishedKeys(keys, now + DAY + 59).map(({ kid }) => kid)
          for (const { kid } of before.values()) expect(published).toContain(kid)
          expect(keys.length).toBeLessThanOrEqual(4 * ALGORITHMS.length)
        }
      }),
    )
  })
})
