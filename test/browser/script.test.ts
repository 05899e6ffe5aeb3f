// The script of /docs, which is text in our source: the compiler checks its types.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { SCRIPT } from '../../src/admin/reference/browser/script.ts'

const TSC = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))
const OPTIONS =
  '--ignoreConfig --allowJs --checkJs --noEmit --strict --noUncheckedIndexedAccess --exactOptionalPropertyTypes --noImplicitReturns --target es2023 --lib es2023,dom,dom.iterable --types --module preserve'

const errorsOf = (script: string): string => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-script-'))
  const path = join(directory, 'script.js')
  writeFileSync(path, script)
  try {
    return execFileSync(TSC, [...OPTIONS.split(' '), path], { encoding: 'utf8' })
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}

it('script has no error of types', () => {
  expect(errorsOf(SCRIPT)).toBe('')
  expect(errorsOf(`${SCRIPT}\nMAX_SHOWN.toFixed()`)).toContain('MAX_SHOWN')
})
