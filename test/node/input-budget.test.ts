// Memory for waiting input: the party that holds most gives way, its oldest connection first.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createInputBudget } from '../../src/node/http/input-budget.ts'

const MAX = 100

const setUp = () => {
  const evicted: string[] = []
  const budget = createInputBudget(MAX)
  const open = (party: string, name: string) => budget.open(party, () => void evicted.push(name))
  return { open, evicted }
}

it('budget evicts no connection within its bound', () => {
  const { open, evicted } = setUp()
  const [a, b] = [open('x', 'a'), open('y', 'b')]
  for (let i = 0; i < 50; i++) {
    a.hold(60)
    b.hold(40)
    a.hold(0)
    b.hold(0)
  }
  expect(evicted).toEqual([])
})

it('budget evicts the oldest connection of the party that holds most', () => {
  const { open, evicted } = setUp()
  open('honest', 'h').hold(30)
  const hostile = ['1', '2', '3', '4'].map((name) => open('hostile', name))
  for (const account of hostile) account.hold(20)
  expect(evicted).toEqual(['1'])
  hostile[3]?.hold(45)
  expect(evicted).toEqual(['1', '2'])
})

it('budget evicts as many connections as needed', () => {
  const { open, evicted } = setUp()
  for (const name of ['1', '2', '3']) open('hostile', name).hold(30)
  open('hostile', '4').hold(95)
  expect(evicted).toEqual(['1', '2', '3'])
})

it('budget counts a connection that began anew as the youngest', () => {
  const { open, evicted } = setUp()
  const [first, second] = [open('x', '1'), open('x', '2')]
  first.hold(40)
  second.hold(40)
  first.hold(0)
  first.hold(61)
  expect(evicted).toEqual(['2'])
})

it('evicts the party that holds most, after any sequence of changes', () => {
  const steps = fc.array(fc.tuple(fc.nat({ max: 11 }), fc.nat({ max: 60 })), { maxLength: 80 })
  fc.assert(
    fc.property(steps, (changes) => {
      /** Bytes of each connection, by party. Connections 0, 4 and 8 are one party, and so on. */
      const held = Array.from({ length: 12 }, () => 0)
      const sumOf = (party: number) =>
        held.reduce((sum, b, i) => (i % 4 === party ? sum + b : sum), 0)
      const budget = createInputBudget(MAX)
      const accounts = held.map((_, i) =>
        budget.open(String(i % 4), () => {
          const sums = [0, 1, 2, 3].map(sumOf)
          expect(sums[i % 4]).toBe(Math.max(...sums))
          held[i] = 0
        }),
      )
      for (const [i, bytes] of changes) {
        held[i] = bytes
        accounts[i]?.hold(bytes)
        expect(held.reduce((sum, b) => sum + b, 0)).toBeLessThanOrEqual(MAX)
      }
    }),
  )
})
