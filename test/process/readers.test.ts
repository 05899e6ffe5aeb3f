// Clients in other languages, as packaged by Debian (`python3-authlib`; `golang-go`, `golang-github-coreos-go-oidc-dev` and
// `golang-golang-x-oauth2-dev`): readers of the metadata, and the programs of README. Each is tested where it is installed.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blocksOf } from '../support/page-blocks.ts'
import { openRecords } from '../support/database.ts'
import { createCaller } from '../support/http.ts'
import { decode } from '../support/jwt.ts'
import {
  type Place,
  ROOT,
  type ServerProcess,
  newDirectory,
  newPlace,
  startServer,
} from '../support/processes.ts'
import type { ClientCredentials } from '../support/records.ts'

const script = (name: string): string => fileURLToPath(new URL(`readers/${name}`, import.meta.url))

/** Time limit of the first build, in which Go compiles its libraries, in milliseconds. */
const BUILD_MS = 280_000
const RUN_MS = 60_000

type Ran = { code: number; stdout: string; stderr: string }
const run = async (
  [program = '', ...args]: readonly string[],
  environment: Record<string, string> = {},
  timeout = RUN_MS,
): Promise<Ran> => {
  try {
    const env = { ...process.env, ...environment }
    return { code: 0, ...(await promisify(execFile)(program, args, { env, timeout })) }
  } catch (error) {
    const {
      code,
      stdout = '',
      stderr = '',
    } = error as Partial<Omit<Ran, 'code'>> & { code?: unknown }
    return { code: typeof code === 'number' ? code : -1, stdout, stderr }
  }
}

const GO = {
  GO111MODULE: 'off',
  GOPATH: '/usr/share/gocode',
  GOTOOLCHAIN: 'local',
  GOFLAGS: '',
  CGO_ENABLED: '0',
}

/** Finds the first command that runs; null when none does. */
const firstOf = async (
  commands: readonly (readonly string[])[],
  environment: Record<string, string> = {},
): Promise<readonly string[] | null> => {
  for (const command of commands) {
    if ((await run(command, environment)).code === 0) return command
  }
  return null
}

const importing = ['-c', 'import authlib.oauth2.rfc8414']
const python = await firstOf(['/usr/bin/python3', 'python3'].map((path) => [path, ...importing]))
const GO_PACKAGES = ['github.com/coreos/go-oidc', 'golang.org/x/oauth2/clientcredentials']
const go = await firstOf([['go', 'list', ...GO_PACKAGES]], GO)

const ABSENT = {
  Authlib: python ? null : 'python3-authlib is not installed',
  'go-oidc': go ? null : 'golang-go and golang-github-coreos-go-oidc-dev are not installed',
}
for (const [name, reason] of Object.entries(ABSENT)) {
  if (reason !== null) console.warn(`${name} is not tested: ${reason}`)
}

const AUDIENCE = 'https://api.example/v1'
let place: Place
let server: ServerProcess
let client: ClientCredentials
let token: string

beforeAll(async () => {
  place = await newPlace({ LATCHKEY_ALGORITHMS: 'Ed25519,ES256,RS256,EdDSA' })
  server = await startServer(place)
  const records = openRecords(place)
  await records.audience(AUDIENCE, ['read'])
  client = await records.client({ grants: { [AUDIENCE]: ['read'] } })
  await records.close()
  token = await createCaller(place.url).issue(client)
})

afterAll(async () => {
  expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
})

/**
 * Expects that a token is accepted for its audience, and refused when it is changed or for another
 * audience.
 */
const expectVerified = async (verify: (audience: string, token: string) => Promise<Ran>) => {
  expect(await verify(AUDIENCE, token)).toMatchObject({ code: 0, stdout: `${client.id}\n` })
  const [header, payload, signature = ''] = token.split('.')
  const other = `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`
  expect((await verify(AUDIENCE, `${header}.${payload}.${other}`)).code).not.toBe(0)
  expect((await verify('https://other.example', token)).code).not.toBe(0)
}

/** Saves a program of README, for the server and the audience of this file. */
const saveProgram = (name: string): string => {
  const block = blocksOf(join(ROOT, 'README.md')).find(({ program }) => program === name)
  const path = join(newDirectory(), name)
  const text = block?.commands ?? ''
  expect(text).toContain('http://localhost:8787')
  expect(text).toMatch(/(['"])notes\1/)
  writeFileSync(
    path,
    text
      .replaceAll('http://localhost:8787', place.url)
      .replaceAll(/(['"])notes\1/g, `$1${AUDIENCE}$1`),
  )
  return path
}

/** Expects that a program of README prints a token of the client. */
const expectToken = async (command: readonly string[], environment = {}): Promise<void> => {
  const credentials = { CLIENT_ID: client.id, CLIENT_SECRET: client.secret }
  const { code, stdout, stderr } = await run(command, { ...credentials, ...environment }, BUILD_MS)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(decode(stdout.trim()).claims).toMatchObject({ sub: client.id, aud: AUDIENCE })
}

describe.skipIf(ABSENT.Authlib !== null)('Authlib', () => {
  it('validates the metadata at both addresses, and a token with their keys', async () => {
    const [interpreter = ''] = python ?? []
    await expectVerified((audience, presented) =>
      run([
        interpreter,
        '-W',
        'ignore',
        script('validate-metadata.py'),
        place.url,
        audience,
        presented,
      ]),
    )
  })

  it('gets a token by the program of README', async () => {
    await expectToken([python?.[0] ?? '', '-W', 'ignore', saveProgram('get_token.py')])
  })
})

describe.skipIf(ABSENT['go-oidc'] !== null)('go-oidc', () => {
  it(
    'discovers the issuer and verifies a token',
    async () => {
      const binary = join(newDirectory(), 'go-oidc')
      const built = await run(
        ['go', 'build', '-o', binary, script('verify-token.go')],
        GO,
        BUILD_MS,
      )
      expect(built).toMatchObject({ code: 0, stderr: '' })
      await expectVerified((audience, presented) => run([binary, place.url, audience, presented]))
    },
    BUILD_MS + RUN_MS,
  )

  it(
    'gets a token by the program of README',
    () => expectToken(['go', 'run', saveProgram('get_token.go')], GO),
    BUILD_MS,
  )
})
