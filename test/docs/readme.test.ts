// Tables of addresses in README and docs/design.md are that of the code.
import { expect, it } from 'vitest'
import { type Endpoint, operationsOf } from '../../src/oauth/endpoint.ts'
import { ENDPOINTS } from '../../src/oauth/table.ts'
import { readPage } from './support.ts'

const addressOf = (endpoint: Endpoint): string => {
  const methods = operationsOf(endpoint).map(([method]) => method)
  return `\`${methods.join('`, `')} ${endpoint.path}\``
}

/** Rows of a page for addresses below `/oauth` and `/.well-known`. */
const rowsOf = (page: string): string[] =>
  readPage(page)
    .split('\n')
    .filter((line) => /^\| `[^|]* \/(oauth|\.well-known)\//.test(line))

/** @example "| `GET`, `POST /oauth/authorize` | refuses every request |" */
const ROWS = ENDPOINTS.map((one) => `| ${addressOf(one)} | ${one.documentation} |`)

it('README has a row for each OAuth address, and no other', () => {
  expect(rowsOf('README.md').toSorted()).toEqual(ROWS.toSorted())
})

it('docs/design.md has a row for each OAuth address that README has, and no other', () => {
  const addresses = rowsOf('docs/design.md').map((row) => row.split(' | ')[0])
  expect(addresses.toSorted()).toEqual(ENDPOINTS.map((one) => `| ${addressOf(one)}`).toSorted())
})
