// Sweep of expired rules: a part at a time, so that many of them delay no token.
import { expect, test } from 'vitest'
import { SWEPT_RULES } from '../../src/verifier/constants.ts'
import { createRuleSet } from '../../src/verifier/revocation/rules.ts'

test('rule set removes SWEPT_RULES expired rules in a sweep until all are gone', () => {
  const rules = createRuleSet()
  for (let i = 0; i < 2.5 * SWEPT_RULES; i += 1) {
    rules.add({ kind: 'client', value: `lkc_${i}`, gen: 2, exp: 100 })
  }
  rules.add({ kind: 'plugin', value: 'acme.sync', gen: 2, exp: 100 })
  rules.add({ kind: 'plugin', value: 'acme.other', gen: 2, exp: 500 })
  rules.add({ kind: 'key', value: 'k9', gen: 0, exp: 100 })
  const left = [0, 0, 0].map((_, i) => {
    rules.sweep(101 + i)
    return rules.counts().client
  })
  expect(left).toEqual([1.5 * SWEPT_RULES, 0.5 * SWEPT_RULES, 0])
  expect(rules.counts()).toMatchObject({ plugin: 1, key: 1 })
})

test('rule set keeps a rule that was renewed during the sweeps', () => {
  const rules = createRuleSet()
  for (let i = 0; i < SWEPT_RULES + 1; i += 1) {
    rules.add({ kind: 'client', value: `lkc_${i}`, gen: 2, exp: 100 })
  }
  rules.sweep(101)
  rules.add({ kind: 'client', value: `lkc_${SWEPT_RULES}`, gen: 3, exp: 900 })
  rules.sweep(102)
  expect(rules.counts().client).toBe(1)
})
