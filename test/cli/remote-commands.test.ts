// Commands with a remote server, in this process: which of them accept the flags, and what they print.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runCommand } from '../../src/cli/program.ts'
import { currentProfile, profileNames } from '../../src/cli/remote/profiles.ts'
import { atEndOfFile } from '../support/cleanups.ts'
import { CREDENTIALS, json, problem, startIssuer } from '../support/remote-issuer.ts'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-remote-'))
atEndOfFile(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'admin.json')
const { clientId, clientSecret } = CREDENTIALS
writeFileSync(file, JSON.stringify({ client_id: clientId, client_secret: clientSecret }), {
  mode: 0o600,
})

let printed = ''
beforeEach(() => {
  printed = ''
  const print = (text: string | Uint8Array): boolean => {
    printed += String(text)
    return true
  }
  vi.spyOn(process.stdout, 'write').mockImplementation(print)
  vi.spyOn(process.stderr, 'write').mockImplementation(print)
  vi.stubEnv('XDG_CONFIG_HOME', folder)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  process.exitCode = undefined
})

/** Runs a command. @returns the exit status, or the message of a refusal */
const run = async (...words: string[]): Promise<unknown> => {
  try {
    await runCommand(['node', 'latchkey', ...words])
    return process.exitCode ?? 0
  } catch (error) {
    return (error as Error).message
  }
}

const plugin = { id: 'a', name: 'A', trust: 'trusted', capabilities: [], created_at: '2026-01-31' }
const LIST = 'GET /admin/v1/plugins?limit=1000'
const routes = { [LIST]: json({ items: [plugin], next_cursor: null }) }

const ALONE = /works on the machine of the server alone: run .* there, with --profile local$/

describe('flags of the server', () => {
  it.each([
    (url: string) => ['plugin', 'list', '--url', url, '--credentials', file],
    (url: string) => ['--url', url, '--credentials', file, 'plugin', 'list'],
    (url: string) => [`--url=${url}`, 'plugin', `--credentials=${file}`, 'list', '--wide'],
  ])('stand anywhere in the command (%#)', async (wordsOf) => {
    const { origin, requests } = await startIssuer(routes)
    expect(await run(...wordsOf(origin))).toBe(0)
    expect(printed).toMatch(/^ID +NAME /)
    expect(requests.at(-1)?.at).toBe(LIST)
  })

  it('leave a kid that begins with a dash the argument of the command', async () => {
    const kid = `-${'a'.repeat(42)}`
    const at = `GET /admin/v1/keys/${kid}`
    const { origin } = await startIssuer({ [at]: json({ kid }) })
    expect(await run('--url', origin, '--credentials', file, 'key', 'show', kid)).toBe(0)
    expect(printed).toContain(kid)
  })

  it('may be variables', async () => {
    const { origin } = await startIssuer(routes)
    vi.stubEnv('LATCHKEY_URL', origin)
    vi.stubEnv('LATCHKEY_CLIENT_ID', clientId)
    vi.stubEnv('LATCHKEY_CLIENT_SECRET', clientSecret)
    expect(await run('plugin', 'list', '--json')).toBe(0)
    expect(JSON.parse(printed)).toEqual([plugin])
  })

  it.each([
    ['serve'],
    ['demo'],
    ['doctor'],
    ['completion', 'bash'],
    ['profile', 'list'],
    ['profile', 'show', 'prod'],
    ['profile', 'use', 'prod'],
    ['profile', 'remove', 'prod'],
  ])('are refused by %s %s', async (...words) => {
    expect(await run(...words, '--url', 'https://auth.example')).toBe(2)
    expect(printed).toContain(`error: --url cannot be used with ${words[0]}`)
  })

  it.each([
    ['migrate'],
    ['migrate', '--dry-run'],
    ['backup', 'x'],
    ['restored'],
    ['token', 'issue', '--client', 'a', '--audience', 'b'],
  ])('lead %s to no server', async (...words) => {
    const { origin, requests } = await startIssuer()
    expect(await run(...words, '--url', origin, '--credentials', file)).toMatch(ALONE)
    expect(requests).toEqual([])
  })

  it('need --url beside --credentials', async () => {
    expect(await run('plugin', 'list', '--credentials', file)).toBe(2)
    expect(printed).toContain('error: --credentials needs --url')
  })
})

describe('a change of a remote server', () => {
  const AT = 'POST /admin/v1/clients/a/disable'
  const DRY = 'POST /admin/v1/dry-runs'
  const words = ['client', 'disable', 'a', '--credentials', file]
  const NOTHING = { clients: 0, secrets: 0, enrollments: 0, keys: 0, live_tokens: 0 }
  const rehearsed = (effects: object | null) => json({ answer: { client_id: 'a' }, effects })
  const performed = { [AT]: json({ client_id: 'a' }) }
  const changes = (paths: () => string[]): string[] =>
    paths().filter((path) => path.startsWith('POST /admin/') && path !== DRY)

  it('server rehearses the command with --dry-run, and receives no change', async () => {
    const effects = { ...NOTHING, clients: 2, live_tokens: 7 }
    const { origin, requests, paths } = await startIssuer({
      ...performed,
      [DRY]: rehearsed(effects),
    })
    expect(await run(...words, '--url', origin, '--dry-run', '--json')).toBe(0)
    expect(JSON.parse(requests.at(-1)?.body ?? '')).toEqual({
      action: 'client.disable',
      parameters: { client_id: 'a' },
    })
    expect(printed).toContain('"client_id": "a"')
    expect(printed).toContain(
      'latchkey: dry run, nothing was changed; ends: tokens of 2 clients (7 live in the ledger)\n',
    )
    expect(changes(paths)).toEqual([])
  })

  it('command sends no change with --dry-run to a server without dry runs', async () => {
    const without = problem(409, 'no_dry_run', 'this server cannot')
    for (const routes of [performed, { ...performed, [DRY]: without }]) {
      const { origin, paths } = await startIssuer(routes)
      const refusal = await run(...words, '--url', origin, '--dry-run')
      expect(refusal).toMatch(/lacks the operation: it may run another version|this server cannot/)
      expect(changes(paths)).toEqual([])
    }
  })

  it('has the refusal of an empty id with --dry-run, too', async () => {
    const { origin, paths } = await startIssuer({ [DRY]: rehearsed(NOTHING) })
    const empty = ['client', 'disable', '', '--credentials', file, '--url', origin, '--dry-run']
    expect(await run(...empty)).toBe('client_id: cannot be empty')
    expect(paths()).not.toContain(DRY)
  })

  it('has unknown effects for credentials that may not read', async () => {
    const { origin } = await startIssuer({ [DRY]: rehearsed(null) })
    expect(await run(...words, '--url', origin, '--dry-run')).toBe(0)
    expect(printed).toContain('ends: unknown, because the credentials lack admin:read\n')
  })

  describe('on a terminal', () => {
    const { isTTY } = process.stderr
    beforeEach(() => void (process.stderr.isTTY = true))
    afterEach(() => void (process.stderr.isTTY = isTTY))

    const answered = async (answer: string, ...flags: string[]): Promise<unknown> => {
      const stdin = Object.assign(new PassThrough(), { isTTY: true })
      stdin.end(`${answer}\n`)
      vi.spyOn(process, 'stdin', 'get').mockReturnValue(stdin as unknown as typeof process.stdin)
      return await run(...words, ...flags)
    }

    it('command sends the change after the answer yes to its effects, and at once with --yes', async () => {
      const effects = rehearsed({ ...NOTHING, clients: 1, secrets: 2 })
      const { origin, paths } = await startIssuer({ ...performed, [DRY]: effects })
      expect(await answered('n', '--url', origin)).toBe('nothing was changed')
      expect(printed).toBe(
        'This ends: tokens of 1 client (0 live in the ledger), 2 secrets. Continue? [y/N] ',
      )
      expect(changes(paths)).toEqual([])
      expect(await answered('y', '--url', origin)).toBe(0)
      expect(changes(paths)).toEqual([AT])
      expect(await answered('', '--url', origin, '--yes')).toBe(0)
      expect(paths().slice(-1)).toEqual([AT])
    })

    it('command sends a change that ends nothing without a question', async () => {
      const { origin, paths } = await startIssuer({ ...performed, [DRY]: rehearsed(NOTHING) })
      expect(await answered('', '--url', origin)).toBe(0)
      expect(printed).not.toContain('Continue?')
      expect(changes(paths)).toEqual([AT])
    })

    it.each([
      ['rehearses nothing', problem(409, 'no_dry_run', 'it cannot')],
      ['makes other dry runs', problem(429, 'dry_runs_exceeded', 'wait')],
      ['does not tell the effects', rehearsed(null)],
    ])('is asked about in general if the server %s', async (_, handler) => {
      const { origin, paths } = await startIssuer({ ...performed, [DRY]: handler })
      expect(await answered('n', '--url', origin)).toBe('nothing was changed')
      expect(printed).toBe(
        `This can end clients, secrets, keys or tokens of ${origin}. Continue? [y/N] `,
      )
      expect(await answered('y', '--url', origin)).toBe(0)
      expect(changes(paths)).toEqual([AT])
    })

    it.each([
      ['is refused', problem(404, 'not_found', 'there is no client a'), 'there is no client a'],
      ['has to wait', problem(429, 'writes_exceeded', 'wait'), 'wait'],
      ['is unknown to the server', undefined, /lacks the operation/],
    ])('is not sent if its rehearsal %s', async (_, handler, refusal) => {
      const { origin, paths } = await startIssuer({
        ...performed,
        ...(handler && { [DRY]: handler }),
      })
      const outcome = await answered('y', '--url', origin)
      if (typeof refusal === 'string') expect(outcome).toBe(refusal)
      else expect(outcome).toMatch(refusal)
      expect(changes(paths)).toEqual([])
    })
  })

  it('creates an unbound administrator, and prints its secret this once', async () => {
    const created = { client_id: 'lkc_new', client_secret: 'lks_new' }
    const { origin, requests } = await startIssuer({ 'POST /admin/v1/clients': json(created, 201) })
    const words = [
      'admin',
      'create',
      '--name',
      'x',
      '--env',
      '--url',
      origin,
      '--credentials',
      file,
    ]
    expect(await run(...words)).toBe(0)
    expect(printed).toBe('CLIENT_ID=lkc_new\nCLIENT_SECRET=lks_new\n')
    expect(JSON.parse(requests.at(-1)?.body ?? '')).toEqual({
      name: 'x',
      workspace_id: null,
      grants: [{ audience: 'latchkey', permissions: ['admin:read', 'admin:write'] }],
    })
  })
})

describe('profile', () => {
  it('add, list and show print no secret', async () => {
    const { origin } = await startIssuer(routes)
    expect(await run('profile', 'add', 'prod', '--url', `${origin}/`, '--credentials', file)).toBe(
      0,
    )
    expect(await run('profile', 'use', 'prod')).toBe(0)
    expect(await run('profile', 'list')).toBe(0)
    expect(await run('profile', 'show', 'prod', '--json')).toBe(0)
    expect(printed).toContain(clientId)
    expect(printed).toContain(`"url": "${origin}"`)
    expect(printed).not.toContain(clientSecret)
    expect(await run('plugin', 'list')).toBe(0)
    expect(await run('profile', 'remove', 'prod')).toBe(0)
    expect(profileNames(process.env)).toEqual([])
  })

  it('list selects and orders rows as every list does', async () => {
    const { origin } = await startIssuer(routes)
    for (const name of ['prod', 'test', 'old']) {
      await run('profile', 'add', name, '--url', origin, '--credentials', file)
    }
    await run('profile', 'use', 'test')
    const listed = async (...flags: string[]): Promise<string[]> => {
      printed = ''
      expect(await run('profile', 'list', '--json', ...flags)).toBe(0)
      return (JSON.parse(printed) as { name: string }[]).map(({ name }) => name)
    }
    expect(await listed()).toEqual(['old', 'prod', 'test'])
    expect(await listed('--sort', '-name')).toEqual(['test', 'prod', 'old'])
    expect(await listed('--sort', '-name', '--limit', '1')).toEqual(['test'])
    expect(await listed('--filter', 'current=true')).toEqual(['test'])
    printed = ''
    await run('profile', 'list', '--wide')
    expect(printed).toMatch(/^NAME +URL +CLIENT_ID +CURRENT\n/)
    for (const name of ['prod', 'test', 'old']) await run('profile', 'remove', name)
  })

  it('commands with --dry-run store, choose and remove nothing, and refuse what they refuse without it', async () => {
    const { origin, requests } = await startIssuer(routes)
    const add = ['profile', 'add', 'prod', '--url', origin, '--credentials', file]
    const dry = async (...words: string[]) => await run('profile', ...words, '--dry-run')
    printed = ''
    expect(await run(...add, '--dry-run')).toBe(0)
    expect(printed).toContain('latchkey: dry run, nothing was changed\n')
    expect(printed).toContain(clientId)
    expect(requests.length).toBeGreaterThan(0) // the credentials are tested
    expect(profileNames(process.env)).toEqual([])
    for (const verb of ['use', 'remove']) {
      expect(await dry(verb, 'prod')).toBe('there is no profile prod: see latchkey profile list')
    }
    await run(...add)
    expect(await run(...add, '--dry-run')).toBe('the profile prod exists: remove it first')
    expect(await dry('use', 'prod')).toBe(0)
    expect(currentProfile(process.env)).toBeNull()
    expect(await dry('remove', 'prod')).toBe(0)
    expect(profileNames(process.env)).toEqual(['prod'])
    await run('profile', 'remove', 'prod')
  })

  it('is not stored with credentials that the issuer refuses', async () => {
    const refused = json({ error: 'invalid_client', error_description: 'Failed.' }, 401)
    const { origin } = await startIssuer({ 'POST /oauth/token': refused })
    expect(await run('profile', 'add', 'bad', '--url', origin, '--credentials', file)).toBe(
      `${origin} issues no token for administration to the client ${clientId}: Failed.`,
    )
    expect(readdirSync(join(folder, 'latchkey', 'profiles'))).toEqual([])
  })

  it('needs a URL', async () => {
    expect(await run('profile', 'add', 'x')).toBe('a profile needs --url')
  })
})
