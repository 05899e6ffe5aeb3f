// The page and the picture of the benchmarks: made of bench/results.json, complete, and not edited by hand.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { chartOf } from '../../bench/chart.ts'
import { documentOf } from '../../bench/document.ts'
import { isMet } from '../../bench/result.ts'
import { SECTIONS } from '../../bench/sections.ts'
import { PAGE, PICTURE, TEMPLATE, readResults } from '../../bench/written.ts'

const page = readFileSync(PAGE, 'utf8')

it('docs/benchmarks.md is what the template and the results make', () => {
  expect(page).toBe(documentOf(readResults(), readFileSync(TEMPLATE, 'utf8')))
})

it('docs/benchmarks.svg is what the results make', () => {
  expect(readFileSync(PICTURE, 'utf8')).toBe(chartOf(readResults()))
})

it('docs/benchmarks.md has each section with its command, and no others have results', () => {
  const names = SECTIONS.map(({ name }) => name)
  const commands = [...page.matchAll(/`npm run bench -- --only ([a-z]+)`/g)].map(([, name]) => name)
  expect(commands).toEqual(names)
  expect(Object.keys(readResults()).filter((name) => !names.includes(name))).toEqual([])
})

it.each([
  [0.8, true],
  [0.79, false],
  [NaN, false],
  [null as unknown as number, false], // NaN, read from JSON
])('a figure of %s meets a bound of at least 0.8: %s', (value, met) => {
  expect(isMet({ text: 'rate', value, unit: '×', least: 0.8 })).toBe(met)
})

it('a section without a figure meets no bound of at most 1.3', () => {
  expect(isMet({ text: 'p99', value: null as unknown as number, unit: '×', most: 1.3 })).toBe(false)
})
