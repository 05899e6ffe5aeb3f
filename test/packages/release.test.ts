// `npm run release` in a small repository: the checks are stubs that leave a trace, npm packs in earnest, and a program in
// front of npm records what would reach a registry.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Output, ROOT, newDirectory, startShell } from '../support/processes.ts'

const VERSION = '1.2.3'

let directory: string
let outside: string
let environment: Record<string, string>

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(directory, path)), { recursive: true })
  writeFileSync(join(directory, path), text)
}
const writeJson = (path: string, value: object): void => write(path, JSON.stringify(value))

const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: directory, env: environment, encoding: 'utf8' })
const commit = (): void => {
  git('add', '--all')
  git('commit', '--quiet', '--message', 'change')
}

/** Names of the steps that left a trace. */
const traces = (): string[] => readdirSync(outside).filter((name) => name !== 'published')
/** Commands of npm that would have reached a registry. */
const published = (): string[] =>
  existsSync(join(outside, 'published'))
    ? readFileSync(join(outside, 'published'), 'utf8').trim().split('\n')
    : []

/** Puts a program in front of npm. `ON_REGISTRY` is the package that the registry has. */
const recordNpm = (): string => {
  const folder = newDirectory()
  const npm = execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim()
  const program = `#!/bin/sh
case "$1" in
  view) [ "$2" = "$ON_REGISTRY" ] && echo ${VERSION} || exit 1 ;;
  publish) echo "$(basename "$2") $3 $4 $5 $6 $7" >> "${outside}/published" ;;
  *) exec "${npm}" "$@" ;;
esac
`
  writeFileSync(join(folder, 'npm'), program)
  chmodSync(join(folder, 'npm'), 0o755)
  return folder
}

const manifest = (name: string, others: object = {}) => ({
  name,
  version: VERSION,
  repository: 'https://git.example/latchkey',
  ...others,
})

const makeRepository = (): void => {
  for (const name of ['release.mjs', 'release-rules.mjs']) {
    mkdirSync(join(directory, 'scripts'), { recursive: true })
    cpSync(join(ROOT, 'scripts', name), join(directory, 'scripts', name))
  }
  const scripts = { test: `touch ${outside}/tested`, check: `touch ${outside}/checked` }
  const dependencies = { '@latchkey/verifier': VERSION }
  writeJson('package.json', manifest('latchkey', { files: [], scripts, dependencies }))
  writeJson('src/verifier/package.json', manifest('@latchkey/verifier'))
  const version = VERSION
  writeJson('package-lock.json', { packages: { '': { version }, 'src/verifier': { version } } })
  write('src/constants.ts', `export const VERSION = '${VERSION}'\n`)
  write('src/verifier/constants.ts', `export const USER_AGENT = 'latchkey-verifier/${VERSION}'\n`)
  write(
    'CHANGELOG.md',
    `# Changelog\n\n## ${VERSION} (2026-01-31)\n\n- A line.\n\n## 1.2.2 (2026-01-01)\n`,
  )
  git('init', '--quiet', '--initial-branch', 'main')
  commit()
  execFileSync('git', ['init', '--quiet', '--bare', join(outside, '.origin')])
  git('remote', 'add', 'origin', join(outside, '.origin'))
}

beforeEach(() => {
  directory = newDirectory()
  outside = newDirectory()
  const author = { GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@example.com' }
  const committer = { GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@example.com' }
  environment = {
    ...author,
    ...committer,
    PATH: `${recordNpm()}:${process.env['PATH'] ?? ''}`,
    HOME: outside,
    npm_config_cache: join(outside, '.npm'),
    npm_config_update_notifier: 'false',
  }
  makeRepository()
})

const release = (flags = '', others: Record<string, string> = {}): Promise<Output> => {
  const place = { directory, environment: { ...environment, ...others } }
  return startShell(place, `exec node scripts/release.mjs ${flags}`).ended
}

const IDENTITY = { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://identity.example' }
const VISIBLE = /^[^.]/
const steps = (): string[] => traces().filter((name) => VISIBLE.test(name))

describe('dry run of a release', () => {
  it('runs the checks, packs both packages and publishes nothing', async () => {
    const { code, stdout } = await release('--dry-run')
    expect(code, stdout).toBe(0)
    expect(steps()).toEqual(['checked', 'tested'])
    expect(stdout).toMatch(/^packed latchkey-verifier-1\.2\.3\.tgz: \d+ bytes, sha512-\S{88}$/m)
    expect(stdout).toMatch(/^packed latchkey-1\.2\.3\.tgz: \d+ bytes, sha512-\S{88}$/m)
    const announced = stdout.split('\n').filter((line) => line.startsWith('would run: npm'))
    expect(announced).toHaveLength(2)
    for (const line of announced) expect(line).toContain(' --provenance --access public')
    expect(stdout).toContain('before the release: provenance needs a workflow')
    expect(published()).toEqual([])
    expect(git('tag', '--list')).toBe('')
  })

  const FAULTS: Record<string, [harm: () => void, line: RegExp]> = {
    'a changed file': [
      () =>
        write(
          'package-lock.json',
          readFileSync(join(directory, 'package-lock.json'), 'utf8') + '\n',
        ),
      /the working tree has changes:\n M package-lock\.json/,
    ],
    'an untracked file': [() => write('new.ts', ''), /the working tree has changes:\n\?\? new\.ts/],
    'another version of the verifier': [
      () => writeJson('src/verifier/package.json', manifest('v', { version: '1.2.2' })),
      /src\/verifier\/package\.json has 1\.2\.2, and package\.json has 1\.2\.3/,
    ],
    'another version in the source': [
      () => write('src/constants.ts', "export const VERSION = '1.2.2'\n"),
      /src\/constants\.ts has 1\.2\.2, and package\.json has 1\.2\.3/,
    ],
    'a changelog without this version': [
      () => write('CHANGELOG.md', '# Changelog\n\n## 1.2.2 (2026-01-01)\n\n- A line.\n'),
      /CHANGELOG\.md begins with 1\.2\.2, and package\.json has 1\.2\.3/,
    ],
    'a changelog without a date': [
      () => write('CHANGELOG.md', `# Changelog\n\n## ${VERSION} (unreleased)\n\n- A line.\n`),
      /CHANGELOG\.md has no date for 1\.2\.3/,
    ],
    'an empty entry': [
      () =>
        write('CHANGELOG.md', `## ${VERSION} (2026-01-31)\n\n## 1.2.2 (2026-01-01)\n\n- A line.\n`),
      /CHANGELOG\.md has no line for 1\.2\.3/,
    ],
    'the tag on another commit': [
      () => {
        git('tag', `v${VERSION}`)
        write('new.ts', '')
      },
      /the tag v1\.2\.3 exists on another commit/,
    ],
  }

  it.each(Object.entries(FAULTS))(
    'is refused before the checks for %s',
    async (name, [harm, line]) => {
      harm()
      if (!name.endsWith(' file')) commit()
      const { code, stdout } = await release('--dry-run')
      expect(code).toBe(1)
      expect(stdout).toMatch(new RegExp(`^FAILED: ${line.source}`, 'm'))
      expect(stdout.match(/^FAILED/gm)).toHaveLength(1)
      expect(steps()).toEqual([])
    },
  )

  it('is refused before the packing when a check fails', async () => {
    const path = join(directory, 'package.json')
    const { scripts, ...others } = JSON.parse(readFileSync(path, 'utf8')) as { scripts: object }
    writeJson('package.json', { ...others, scripts: { ...scripts, check: 'exit 3' } })
    commit()
    const { code, stdout } = await release('--dry-run')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^FAILED: npm run check$/m)
    expect(stdout).not.toContain('packed')
  })
})

describe('release', () => {
  it('is refused before the checks without what provenance needs', async () => {
    writeJson(
      'src/verifier/package.json',
      manifest('@latchkey/verifier', { repository: undefined }),
    )
    commit()
    const { code, stdout } = await release()
    expect(code).toBe(1)
    expect(stdout.match(/^FAILED: .*/gm)).toEqual([
      'FAILED: provenance needs a workflow with an OpenID Connect identity',
      'FAILED: provenance needs the member repository in @latchkey/verifier',
    ])
    expect(steps()).toEqual([])
  })

  it('publishes the verifier, then the server, and pushes the tag', async () => {
    const { code, stdout, stderr } = await release('', IDENTITY)
    expect(code, stdout + stderr).toBe(0)
    expect(published().map((line) => line.trim())).toEqual([
      'latchkey-verifier-1.2.3.tgz --provenance --access public',
      'latchkey-1.2.3.tgz --provenance --access public',
    ])
    expect(git('ls-remote', 'origin')).toContain(`refs/tags/v${VERSION}`)
  })

  it('publishes the rest when it is repeated', async () => {
    const { code } = await release('', {
      ...IDENTITY,
      ON_REGISTRY: `@latchkey/verifier@${VERSION}`,
    })
    expect(code).toBe(0)
    expect(published()).toHaveLength(1)
    expect(published()[0]).toMatch(/^latchkey-1\.2\.3\.tgz /)
  })
})
