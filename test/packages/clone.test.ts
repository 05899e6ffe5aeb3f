// Clone of the project under npm: its build changes only when no server can be using it.
import {
  chmodSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { buildTimes, canInstall, copyDriver, newClone } from '../support/npm.ts'
import {
  type Place,
  ROOT,
  newDirectory,
  newPlace,
  start,
  startShell,
  until,
} from '../support/processes.ts'
import { readyKeys } from '../support/ready-keys.ts'

const SOURCE = 'src/cli/program.ts'
const DESCRIPTION = ".description('"

const isRoot = process.getuid?.() === 0
const AS_NOBODY = 'setpriv --reuid 65534 --regid 65534 --clear-groups'

let clone: Place
/** Makes a place in a clone, whose npm has a cache of its own. */
const cloned = async (): Promise<Place> => {
  const place = await newPlace(readyKeys())
  place.directory = newClone()
  Object.assign(place.environment, {
    PATH: process.env['PATH'] ?? '',
    HOME: newDirectory(),
    npm_config_update_notifier: 'false',
  })
  return place
}

const inClone = (path: string): string => join(clone.directory, path)

/** Changes a source, as `git pull` does. */
const pull = (): void => {
  const text = readFileSync(inClone(SOURCE), 'utf8')
  expect(text).toContain(DESCRIPTION)
  writeFileSync(inClone(SOURCE), text.replace(DESCRIPTION, `${DESCRIPTION}Pulled: `))
}

const failBuild = (): void => writeFileSync(inClone('src/verifier/build.mjs'), 'process.exit(1)')

const shell = (line: string) => startShell(clone, line)
const ended = (line: string) => shell(line).ended
/** Runs the script that npm runs at an occasion, without npm. */
const occasion = (name: string) => ended(`node scripts/build.mjs ${name}`)

const listening = (said: { stdout: string }) =>
  until('the server', () => said.stdout.includes('"msg":"listening"'))

beforeEach(async () => {
  clone = await cloned()
})

describe('clone with all packages', () => {
  beforeEach(() => symlinkSync(join(ROOT, 'node_modules'), inClone('node_modules')))

  it('keeps its old build when npx runs a command', async () => {
    pull()
    const before = buildTimes(clone.directory)
    const { code, stdout, stderr } = await ended('npx latchkey --help')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('Usage: latchkey')
    expect(stdout).not.toContain('Pulled: ')
    expect(buildTimes(clone.directory)).toEqual(before)
  })

  it('builds at npm start after a source has changed, and once', async () => {
    await ended('npx latchkey --help') // npx links the folder once, and makes the command executable
    pull()
    const first = shell('exec npm start')
    await listening(first.said)
    const { stdout, stderr } = await ended('npx latchkey --help')
    expect(stderr).toBe('')
    expect(stdout).toContain('Pulled: ')
    first.child.kill('SIGTERM')
    await first.ended
    const before = buildTimes(clone.directory)
    expect(await occasion('start')).toMatchObject({ code: 0, stderr: '' })
    expect(buildTimes(clone.directory)).toEqual(before)
  })

  it('builds once when two starts need a build, also behind the lock of a process that was killed', async () => {
    pull()
    const killed = shell('exec sleep 60')
    const { pid } = killed.child
    killed.child.kill('SIGKILL')
    await killed.ended
    writeFileSync(inClone('build.lock'), `${pid} 1 an-earlier-start`)
    const [first, second] = await Promise.all([occasion('start'), occasion('start')])
    expect([first.code, second.code]).toEqual([0, 0])
    expect([first.stderr, second.stderr].toSorted()).toEqual([
      '',
      expect.stringMatching(/^latchkey: process \d+ builds this folder: waiting for it\n$/),
    ])
    expect(readdirSync(clone.directory).filter((name) => name.startsWith('build.lock'))).toEqual([])
    const before = buildTimes(clone.directory)
    expect(await occasion('start')).toMatchObject({ code: 0, stderr: '' })
    expect(buildTimes(clone.directory)).toEqual(before)
  })

  it.each([
    ['a relative path', () => shell('exec node dist/cli.js serve')],
    ['an absolute path', () => start(clone, ['serve'], inClone('dist/cli.js'))],
    ['npx', () => shell('exec npx latchkey serve')],
  ])('keeps its old build while a server runs from it by %s', async (_, startServer) => {
    const server = startServer()
    await listening(server.said)
    pull()
    const before = buildTimes(clone.directory)
    const line =
      /^latchkey: the build is older than the sources, and process \d+ uses it: stop that server first\n$/
    for (const name of ['start', 'prepack']) {
      const { code, stderr } = await occasion(name)
      expect(code, name).toBe(1)
      expect(stderr).toMatch(line)
    }
    const prepared = await occasion('prepare')
    expect(prepared.code).toBe(0)
    expect(prepared.stderr).toMatch(line)
    expect(buildTimes(clone.directory)).toEqual(before)
  })

  it.skipIf(!isRoot)('starts its old build in a folder that its user cannot write', async () => {
    pull()
    chmodSync(clone.directory, 0o755)
    const before = buildTimes(clone.directory)
    expect(await ended(`${AS_NOBODY} node scripts/build.mjs start`)).toMatchObject({
      code: 0,
      stderr: 'latchkey: the build is older than the sources, and this user cannot write it\n',
    })
    expect(buildTimes(clone.directory)).toEqual(before)
  })

  it('names packages that package-lock.json has in another version', async () => {
    const lock = JSON.parse(readFileSync(inClone('package-lock.json'), 'utf8')) as {
      packages: Record<string, { version: string }>
    }
    Object.assign(lock.packages['node_modules/hono'] ?? {}, { version: '9.9.9' })
    writeFileSync(inClone('package-lock.json'), JSON.stringify(lock))
    failBuild()
    expect((await occasion('start')).stderr).toMatch(
      /^latchkey: node_modules is older than package-lock\.json \(hono 9\.9\.9\): run npm ci$/m,
    )
  })

  it('keeps its former build when a build fails, and builds again at the next start', async () => {
    const before = buildTimes(clone.directory)
    failBuild()
    for (let time = 0; time < 2; time++) {
      const { code, stderr } = await occasion('start')
      expect(code).toBe(1)
      expect(stderr).toMatch(/^latchkey: the build failed; the former build is back$/m)
      expect(buildTimes(clone.directory)).toEqual(before)
    }
  })
})

describe('clone after npm ci --omit=dev', () => {
  const NO_TOOLS = 'the build tools are not installed: run npm ci without --omit=dev'

  it('starts with the build that is there, and installs without one', async (context) => {
    if (!canInstall(clone.directory, 'ci', '--omit=dev')) context.skip('no registry')
    copyDriver(clone.directory)
    const before = buildTimes(clone.directory)
    const silent = { code: 0, stderr: '' }
    expect(await occasion('prepare')).toMatchObject(silent)
    utimesSync(inClone(SOURCE), new Date(), new Date())
    expect(await occasion('prepare')).toMatchObject(silent)
    const server = shell('exec npm start')
    await listening(server.said)
    expect(server.said.stderr).toBe(
      `latchkey: the build is older than the sources, and ${NO_TOOLS}\n`,
    )
    expect(buildTimes(clone.directory)).toEqual(before)

    rmSync(inClone('dist'), { recursive: true })
    const missing = `latchkey: the build is missing, and ${NO_TOOLS}\n`
    const prepared = await occasion('prepare')
    expect(prepared).toMatchObject({ code: 0, stderr: missing })
    expect(await ended('npm --silent start')).toMatchObject({ code: 1, stderr: missing })
  })
})
