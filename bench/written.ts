// Files that a run writes: the figures in bench/results.json, and the page and the picture made of them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chartOf } from './chart.ts'
import { documentOf } from './document.ts'
import type { Results } from './result.ts'

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export const RESULTS = pathOf('results.json')
export const TEMPLATE = pathOf('template.md')
export const PAGE = pathOf('../docs/benchmarks.md')
export const PICTURE = pathOf('../docs/benchmarks.svg')

export const readResults = (): Results =>
  existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as Results) : {}

export const writeResults = (results: Results): void => {
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(PAGE, documentOf(results, readFileSync(TEMPLATE, 'utf8')))
  writeFileSync(PICTURE, chartOf(results))
}
