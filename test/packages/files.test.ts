import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

type Packed = { files: { path: string; mode: number }[]; bundled: string[] }

const packed = (): Packed => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [first] = Object.values(JSON.parse(output) as Record<string, Packed>)
  if (first === undefined) throw new Error('npm packed nothing')
  return first
}

describe('package', () => {
  const { files, bundled } = packed()
  const paths = files.map((file) => file.path)
  const own = paths.filter((path) => !path.startsWith('node_modules/'))

  it('has the files to run', () => {
    expect(paths).toEqual(
      expect.arrayContaining([
        'package.json',
        'README.md',
        'LICENSE',
        'dist/cli.js',
        'dist/app.js',
        'dist/app.d.ts',
        'drizzle/sqlite/meta/_journal.json',
        'node_modules/@latchkey/verifier/dist/index.js',
        'scripts/build.mjs', // the script `start` runs it
      ]),
    )
  })

  it('brings the verifier with the one package that it needs', () => {
    expect(bundled.toSorted()).toEqual(['@latchkey/verifier', 'jose'])
  })

  it('has no other files', () => {
    const allowed =
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md|dist\/.*\.(js|js\.map|d\.ts)|scripts\/(build|build-age|build-lock|users-of)\.mjs|examples\/.*\.mjs|examples\/forward-auth\/(nginx\.conf|Caddyfile)|drizzle\/sqlite\/(\d{4}_\w+\.sql|meta\/\w+\.json))$/
    expect(own.filter((path) => !allowed.test(path))).toEqual([])
  })

  it('has a lock file without download addresses', () => {
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
      packages: Record<string, Record<string, unknown>>
    }
    const resolved = Object.values(packages).flatMap(({ resolved: address }) => address ?? [])
    expect(resolved).toEqual(['src/verifier']) // the workspace, by its folder
  })
})
