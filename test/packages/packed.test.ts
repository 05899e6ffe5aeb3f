// Packed project alone in an empty folder: it brings the verifier, which no registry needs to have.
import { execFileSync } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { canInstall, copyDriver, packProject } from '../support/npm.ts'
import { type Place, newPlace, start, until } from '../support/processes.ts'
import { readyKeys } from '../support/ready-keys.ts'

const CREATE =
  'client create --name daemon --plugin p --create-plugin --grant hook=hook:track --json'

let place: Place
let bin: string
let isInstalled: boolean

beforeAll(async () => {
  place = await newPlace(readyKeys())
  bin = join(place.directory, 'node_modules', '.bin', 'latchkey')
  isInstalled = canInstall(place.directory, 'install', packProject())
  if (isInstalled) copyDriver(place.directory)
})

const latchkey = (args: readonly string[], stdin = '') => {
  const { child, ended } = start(place, args, bin)
  child.stdin.end(stdin)
  return ended
}

it('archive installs into an empty folder and issues a token', async (context) => {
  if (!isInstalled) context.skip('no registry')
  const { said, child } = start(place, ['serve'], bin)
  await until('the server', () => said.stdout.includes('"msg":"listening"'))
  const made = await latchkey(CREATE.split(' '))
  expect(made).toMatchObject({ code: 0, stderr: '' })
  const created = JSON.parse(made.stdout) as { client_id: string; client_secret: string }
  const response = await fetch(`${place.url}/oauth/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`${created.client_id}:${created.client_secret}`)}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', audience: 'hook' }),
  })
  const { access_token: token } = (await response.json()) as { access_token: string }
  const inspected = await latchkey(['token', 'inspect', '-', '--json'], token)
  expect(JSON.parse(inspected.stdout)).toMatchObject({
    active: true,
    claims: { scope: 'hook:track' },
  })
  child.kill('SIGTERM')
})

it('archive resolves the verifier and its entries inside the package', (context) => {
  if (!isInstalled) context.skip('no registry')
  const home = join(realpathSync(place.directory), 'node_modules', 'latchkey')
  const { resolve } = createRequire(join(home, 'package.json'))
  for (const entry of ['', '/express', '/fastify', '/hono', '/internal', '/testing']) {
    const path = resolve(`@latchkey/verifier${entry}`)
    expect(path.startsWith(join(home, 'node_modules', '@latchkey', 'verifier', 'dist'))).toBe(true)
    expect(existsSync(path)).toBe(true)
  }
  expect(existsSync(join(place.directory, 'node_modules', 'typescript'))).toBe(false)
})

it('archive runs the demo, whose resource servers import the verifier', (context) => {
  if (!isInstalled) context.skip('no registry')
  const story = execFileSync(process.execPath, [bin, 'demo'], {
    cwd: place.directory,
    env: {},
    encoding: 'utf8',
  })
  expect(story).toMatch(/401/)
})
