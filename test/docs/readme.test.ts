// README's table of addresses is that of the code.
import { expect, it } from 'vitest'
import { operationsOf } from '../../src/oauth/endpoint.ts'
import { ENDPOINTS } from '../../src/oauth/table.ts'
import { readPage } from './support.ts'

/** @example "| `GET`, `POST /oauth/authorize` | refuses every request |" */
const ROWS = ENDPOINTS.map((endpoint) => {
  const methods = operationsOf(endpoint).map(([method]) => method)
  const address = `\`${methods.join('`, `')} ${endpoint.path}\``
  return `| ${address} | ${endpoint.documentation} |`
})

it('README has a row for each OAuth address, and no other', () => {
  const rows = readPage('README.md')
    .split('\n')
    .filter((line) => /^\| `[^|]* \/(oauth|\.well-known)\//.test(line))
  expect(rows.toSorted()).toEqual(ROWS.toSorted())
})
