// The server that a command administers: flags, variables, profiles, and the files with credentials.
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { remoteServer } from '../../src/cli/remote/choice.ts'
import { parseCredentials } from '../../src/cli/remote/credentials.ts'
import {
  addProfile,
  chooseProfile,
  currentProfile,
  profileNames,
  readProfile,
  removeProfile,
} from '../../src/cli/remote/profiles.ts'
import { StartRefused } from '../../src/errors.ts'
import { atEndOfFile } from '../support/cleanups.ts'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-profiles-'))
atEndOfFile(() => rmSync(folder, { recursive: true }))

const environment = { XDG_CONFIG_HOME: folder }
const SECRET = 'lks_a-secret-of-an-administrator'
const credentials = { clientId: 'lkc_admin', clientSecret: SECRET }
const prod = { name: 'prod', url: 'https://auth.example', credentials }
const file = join(folder, 'admin.json')

beforeEach(() => {
  rmSync(join(folder, 'latchkey'), { recursive: true, force: true })
  writeFileSync(file, JSON.stringify({ client_id: 'lkc_file', client_secret: SECRET }))
  chmodSync(file, 0o600)
})

const refusal = (action: () => unknown): string => {
  try {
    action()
  } catch (error) {
    expect(error).toBeInstanceOf(StartRefused)
    return (error as Error).message
  }
  throw new Error('it was not refused')
}

describe('server of a command', () => {
  it('is the database of this machine without a flag, a variable and a profile', () => {
    expect(remoteServer(environment, {})).toBeNull()
  })

  it('is named by --url, --profile, a variable, or the profile in use, in this order', () => {
    addProfile(environment, prod)
    addProfile(environment, { ...prod, name: 'other', url: 'https://other.example' })
    chooseProfile(environment, 'other')
    const set = { LATCHKEY_CREDENTIALS: file, LATCHKEY_URL: 'https://variable.example' }
    const origin = (more: object, flags = {}) =>
      remoteServer({ ...environment, ...more }, flags)?.origin
    expect(origin(set, { url: 'https://flag.example' })).toBe('https://flag.example')
    expect(origin(set, { profile: 'prod' })).toBe('https://auth.example')
    expect(origin(set)).toBe('https://variable.example')
    expect(origin({ LATCHKEY_PROFILE: 'prod' })).toBe('https://auth.example')
    expect(origin({})).toBe('https://other.example')
    expect(origin(set, { profile: 'local' })).toBeUndefined()
    expect(origin({ LATCHKEY_PROFILE: 'local' })).toBeUndefined()
    expect(origin({ LATCHKEY_URL: '', LATCHKEY_PROFILE: ' ' })).toBe('https://other.example')
  })

  it('is not named twice', () => {
    const flags = { url: 'https://a.example', profile: 'prod' }
    expect(refusal(() => remoteServer(environment, flags))).toContain('must not both be given')
    const variables = { LATCHKEY_URL: 'https://a.example', LATCHKEY_PROFILE: 'prod' }
    expect(refusal(() => remoteServer(variables, {}))).toContain('must not both be set')
  })

  it.each([
    'http://auth.example',
    'http://192.0.2.1:8787',
    'https://auth.example/tenant',
    'https://auth.example?a=b',
    'https://admin:secret@auth.example',
    'auth.example',
    '',
  ])('is not at %j', (url) => {
    const message = refusal(() => remoteServer(environment, { url, credentials: file }))
    expect(message).toMatch(/^the URL must be the issuer of the server: an https origin/)
    expect(message).not.toContain('secret')
  })

  it.each(['https://auth.example/', 'http://localhost:8787/', 'http://127.0.0.1:8787'])(
    'may be at %s',
    (url) => {
      const server = remoteServer(environment, { url, credentials: file })
      expect(server?.origin).toBe(url.replace(/\/$/, ''))
    },
  )
})

describe('credentials', () => {
  const url = 'https://auth.example'

  it('are read from a file or from variables', () => {
    const read = (more: object, flags = {}) =>
      remoteServer({ ...environment, ...more }, { url, ...flags })?.credentials
    const fromFile = { clientId: 'lkc_file', clientSecret: SECRET }
    const variables = { LATCHKEY_CLIENT_ID: 'lkc_variable', LATCHKEY_CLIENT_SECRET: SECRET }
    expect(read({}, { credentials: file })).toEqual(fromFile)
    expect(read({ LATCHKEY_CREDENTIALS: file })).toEqual(fromFile)
    expect(read(variables)).toEqual({ clientId: 'lkc_variable', clientSecret: SECRET })
    expect(read(variables, { credentials: file })).toEqual(fromFile)
  })

  it('are refused where they are missing or named twice', () => {
    const read = (more: object) => () => remoteServer({ ...environment, ...more }, { url })
    expect(refusal(read({}))).toMatch(/^credentials of an administrator are missing: /)
    expect(refusal(read({ LATCHKEY_CLIENT_ID: 'lkc_a' }))).toMatch(/are missing/)
    const both = { LATCHKEY_CREDENTIALS: file, LATCHKEY_CLIENT_SECRET: SECRET }
    expect(refusal(read(both))).toContain('must not both be set')
  })

  // The group may read a file of root: it is mounted for a process of another user.
  it.each([0o604, 0o660, 0o622])('are refused in a file with mode %o', (mode) => {
    chmodSync(file, mode)
    const message = refusal(() => remoteServer(environment, { url, credentials: file }))
    expect(message).toContain(`the file of credentials ${file} has mode`)
    // The file is this user's own: no group needs it, not even under root.
    expect(message).toContain(`run: chmod 600 ${file}`)
    expect(message).not.toContain(SECRET)
  })

  it('have the forms that admin create prints', () => {
    const expected = { clientId: 'lkc_a', clientSecret: 'lks_b=' }
    const printed = JSON.stringify({ client_id: 'lkc_a', name: 'x', client_secret: 'lks_b=' })
    expect(parseCredentials(printed, 'x')).toEqual(expected)
    expect(parseCredentials('CLIENT_ID=lkc_a\nCLIENT_SECRET=lks_b=\n', 'x')).toEqual(expected)
    expect(parseCredentials('CLIENT_ID=lkc_a\r\nCLIENT_SECRET=lks_b=\r\n', 'x')).toEqual(expected)
  })

  it.each([
    '',
    '{}',
    SECRET,
    `{"client_secret":"${SECRET}"}`,
    'CLIENT_ID=\nCLIENT_SECRET=x',
    '[1]',
  ])('are refused without a quotation in %j', (text) => {
    const message = refusal(() => parseCredentials(text, 'admin.json'))
    expect(message).toMatch(/^admin\.json has no credentials: /)
    expect(message).not.toContain(SECRET)
  })

  it('are refused where their file is missing', () => {
    const flags = { url, credentials: join(folder, 'nowhere') }
    expect(refusal(() => remoteServer(environment, flags))).toContain('cannot be read (ENOENT)')
  })
})

describe('profile', () => {
  const path = (name: string) => join(folder, 'latchkey', 'profiles', `${name}.json`)
  const mode = (name: string) => statSync(name).mode & 0o777

  it('is a file that only its user can read', () => {
    addProfile(environment, prod)
    expect(readProfile(environment, 'prod')).toEqual(prod)
    expect(mode(path('prod'))).toBe(0o600)
    expect(mode(join(folder, 'latchkey'))).toBe(0o700)
    expect(mode(join(folder, 'latchkey', 'profiles'))).toBe(0o700)
  })

  it.each([0o640, 0o604])('is refused with mode %o', (changed) => {
    addProfile(environment, prod)
    chmodSync(path('prod'), changed)
    const message = refusal(() => remoteServer(environment, { profile: 'prod' }))
    expect(message).toContain('other users of this machine have access to it')
  })

  it('is refused with a URL that is not secure', () => {
    addProfile(environment, { ...prod, url: 'http://auth.example' })
    const message = refusal(() => remoteServer(environment, { profile: 'prod' }))
    expect(message).toMatch(/^the URL must be the issuer/)
  })

  it('is not replaced', () => {
    addProfile(environment, prod)
    const message = refusal(() => addProfile(environment, { ...prod, url: 'https://b.example' }))
    expect(message).toBe('the profile prod exists: remove it first')
    expect(readFileSync(path('prod'), 'utf8')).toContain('https://auth.example')
  })

  it.each(['local', '', '.', '..', '../x', 'a/b', '-a', 'é', 'a'.repeat(65)])(
    'cannot have the name %j',
    (name) => {
      refusal(() => addProfile(environment, { ...prod, name }))
      expect(profileNames(environment)).toEqual([])
    },
  )

  it('is used until another one, and is listed until it is removed', () => {
    expect(currentProfile(environment)).toBeNull()
    addProfile(environment, prod)
    addProfile(environment, { ...prod, name: 'dev' })
    chooseProfile(environment, 'prod')
    expect(currentProfile(environment)).toBe('prod')
    expect(profileNames(environment)).toEqual(['dev', 'prod'])
    chooseProfile(environment, 'local')
    expect(currentProfile(environment)).toBeNull()
    chooseProfile(environment, 'prod')
    removeProfile(environment, 'prod')
    expect([currentProfile(environment), profileNames(environment)]).toEqual([null, ['dev']])
  })

  it('is refused if it does not exist', () => {
    const message = 'there is no profile prod: see latchkey profile list'
    expect(refusal(() => chooseProfile(environment, 'prod'))).toBe(message)
    expect(refusal(() => removeProfile(environment, 'prod'))).toBe(message)
    expect(refusal(() => remoteServer(environment, { profile: 'prod' }))).toBe(message)
  })

  it('is below the home of the user if XDG_CONFIG_HOME is relative', () => {
    const home = process.env['HOME']
    process.env['HOME'] = folder
    addProfile({ XDG_CONFIG_HOME: 'relative' }, prod)
    process.env['HOME'] = home
    expect(statSync(join(folder, '.config', 'latchkey', 'profiles', 'prod.json')).isFile()).toBe(
      true,
    )
  })
})
