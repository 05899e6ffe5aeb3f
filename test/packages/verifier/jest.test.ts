// Recipe for Jest, run by Jest without configuration: tests in CommonJS, nothing transformed in
// node_modules. Jest is in the folder LATCHKEY_TOOLS (`npm i --prefix DIR jest@29`).
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { installPackage, toolOf } from './installed.ts'

const LIMIT_MS = 90_000

const recipeOf = (readme: string): string => {
  const [, recipe = ''] = /^### Jest\n[^]*?```js\n([^]*?)```/m.exec(readme) ?? []
  return recipe
}

test('Jest recipe of the README passes', { timeout: 2 * LIMIT_MS }, ({ skip }) => {
  const jest = toolOf('jest/bin/jest.js')
  if (jest === undefined) return skip('jest is not in the folder LATCHKEY_TOOLS')
  const installed = installPackage()
  try {
    installed.write('package.json', '{ "name": "resource-server", "private": true }')
    installed.write('reports.test.js', recipeOf(readFileSync('src/verifier/README.md', 'utf8')))
    const { status, stderr } = spawnSync(process.execPath, [jest, '--no-watchman', '--ci'], {
      cwd: installed.project,
      encoding: 'utf8',
      timeout: LIMIT_MS,
    })
    expect(stderr).toContain('1 passed, 1 total')
    expect(status).toBe(0)
  } finally {
    installed.remove()
  }
})
