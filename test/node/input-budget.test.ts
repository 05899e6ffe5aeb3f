// Memory for waiting input: the party that holds most gives way, its oldest connection first.
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
