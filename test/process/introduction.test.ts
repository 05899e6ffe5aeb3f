// First steps of a newcomer: help with an example for every command, the demo, and the lines that
// `npm start` prints.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { expect, it } from 'vitest'
import { difference } from '../../scripts/recording.ts'
import { administrator } from '../../src/cli/administrator.ts'
import { audience } from '../../src/cli/audience.ts'
import { audit } from '../../src/cli/audit.ts'
import { client } from '../../src/cli/client.ts'
import { database } from '../../src/cli/database.ts'
import { enrollment } from '../../src/cli/enrollment.ts'
import { key } from '../../src/cli/key.ts'
import { plugin } from '../../src/cli/plugin.ts'
import { resource } from '../../src/cli/resource.ts'
import { revocation } from '../../src/cli/revocation.ts'
import { run } from '../../src/cli/run.ts'
import { secret } from '../../src/cli/secret.ts'
import { server } from '../../src/cli/server.ts'
import { token } from '../../src/cli/token.ts'
import { workspace } from '../../src/cli/workspace.ts'
import {
  CLI,
  ROOT,
  createCli,
  newDirectory,
  newPlace,
  start,
  until,
  withVariables,
} from '../support/processes.ts'

const NOUNS = [
  audience,
  plugin,
  workspace,
  client,
  secret,
  token,
  resource,
  enrollment,
  run,
  revocation,
  key,
  audit,
]

const VERBS: Record<string, string[]> = {
  audience: ['create', 'update', 'show', 'list'],
  plugin: ['create', 'update', 'show', 'disable', 'enable', 'delete', 'revoke-tokens', 'list'],
  workspace: ['create', 'update', 'show', 'suspend', 'resume', 'list'],
  client: [
    'create',
    'update',
    'grant',
    'details',
    'show',
    'disable',
    'enable',
    'delete',
    'revoke-tokens',
    'list',
  ],
  secret: ['add', 'list', 'show', 'revoke'],
  token: ['issue', 'inspect', 'revoke', 'show', 'list'],
  resource: ['put', 'show', 'delete', 'list'],
  enrollment: ['create', 'show', 'revoke', 'list'],
  run: ['revoke', 'show', 'list'],
  revocation: ['list', 'show'],
  key: ['show', 'list', 'rotate', 'revoke'],
  audit: ['list', 'show', 'verify', 'export'],
}
const COMMANDS = [
  'serve',
  'demo',
  'migrate',
  'backup',
  'restored',
  'admin create',
  'admin show',
  'admin list',
].concat(Object.entries(VERBS).flatMap(([noun, verbs]) => verbs.map((verb) => `${noun} ${verb}`)))

/** Returns the help of each command that acts, by its words. */
const helpTexts = (command: Command, words: string[] = []): [words: string, help: string][] => {
  if (command.commands.length > 0) {
    return command.commands.flatMap((child) => helpTexts(child, [...words, child.name()]))
  }
  let help = ''
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp()
  return [[words.join(' '), help]]
}

it('help of every command shows an example of it', async () => {
  const program = new Command('latchkey')
  for (const register of [server, database, administrator, ...NOUNS]) register(program)
  const texts = helpTexts(program)
  expect(texts.map(([words]) => words)).toEqual(COMMANDS)
  for (const [words, help] of texts) {
    expect(help).toMatch(
      new RegExp(`\\nExample:\\n {2}\\$ (LATCHKEY_\\S+ )?latchkey ${words}( |\\n)`),
    )
    if (!['serve', 'demo'].includes(words)) expect(help).toContain('--json')
  }

  const cli = createCli(await newPlace())
  expect(await cli.text('client create --help')).toContain('Example:\n  $ latchkey client create')
  const nouns = new Set(COMMANDS.map((words) => words.split(' ')[0]))
  const overview = await cli.text('--help')
  for (const noun of nouns) expect(overview).toMatch(new RegExp(`^ {2}${noun} `, 'm'))
})

it('demo tells the whole story, keeps its secrets and cleans up', async () => {
  const temporary = newDirectory()
  const story = await createCli(withVariables(await newPlace(), { TMPDIR: temporary })).text('demo')
  const CHAPTERS = [
    /client_id {5}lkc_[\w-]{22}\n/,
    /POST \/oauth\/token → 200/,
    /"plugin_id": "slack-sync"/,
    /POST \/oauth\/introspect → 200 active: true/,
    /POST \/oauth\/token → 400 invalid_scope \(scope_not_granted\)/,
    /POST \/oauth\/token → 400 invalid_request \(plugin_not_allowed\)/,
    /POST \/hooks\/track\?plugin_id=slack-sync → 200/,
    /POST \/hooks\/track\?plugin_id=mail-sync → 403 insufficient_scope \(plugin_mismatch\)/,
    /POST \/hooks\/track → 403 insufficient_scope \(plugin_mismatch\)/,
    /POST \/hooks\/govern\?plugin_id=slack-sync → 403 insufficient_scope \(permission_missing\)/,
    /POST \/oauth\/revoke → 200/,
    /POST \/oauth\/introspect → 200 \{\s*"active": false\s*\}/,
    /POST \/hooks\/track\?plugin_id=slack-sync → 401 invalid_token \(token_revoked\)/,
    /POST \/oauth\/register → 201 lkc_/,
    /POST \/oauth\/register → 401 invalid_token \(enrollment_used\)/,
    /POST \/playlists\/evening\/play\?zone=lobby → 200/,
    /POST \/playlists\/evening\/play\?zone=bar → 403 insufficient_scope \(authorization_denied\)/,
    /POST \/playlists\/evening\/play\?zone=lobby → 401 invalid_token \(token_revoked\)/,
    /POST \/playlists\/evening\/play\?zone=bar → 200/,
    /POST \/v1\/issues → 200/,
    /POST \/v1\/pages → 403 insufficient_scope \(endpoint_denied\)/,
    /latchkey token revoke - +refused after \d{1,3} ms \(token_revoked\)/,
    /latchkey run revoke run-7f3a +refused after \d{1,3} ms \(token_revoked\)/,
    /latchkey client disable \S+ +refused after \d{1,3} ms \(token_revoked\)/,
    /latchkey key revoke \S+ +refused after \d{1,3} ms \(token_revoked\)/,
    /POST \/oauth\/token → 400 invalid_authorization_details \(run_closed\)/,
    /"kty":"RSA"/,
  ]
  const places = CHAPTERS.map((chapter) => story.search(chapter))
  expect(places).not.toContain(-1)
  expect(places).toEqual([...places].sort((a, b) => a - b))
  expect(story).not.toMatch(/lk[ser]_[\w-]{9,}|eyJ[\w-]+\.[\w-]+\.[\w-]+/)
  expect(readdirSync(temporary)).toEqual([])
  // Record it again after a change of the demo: `npm run recording`.
  expect(difference(readFileSync(join(ROOT, 'docs/demo.svg'), 'utf8'), story)).toBeNull()
})

const hasCurl = spawnSync('curl', ['--version']).status === 0

it.skipIf(!hasCurl)(
  'lines that npm start prints work when they are pasted (with curl)',
  async () => {
    const place = await newPlace({ LATCHKEY_KEK_FILE: '', LATCHKEY_KEYS_DIR: ' ' })
    const { said } = start(place, ['serve', '--next-steps'])
    const lines = await until('the next steps', () => {
      const found = said.stdout.split('\n').filter((line) => line.startsWith('  '))
      return found.at(-1)?.includes('token inspect -') && found
    })
    const commands = lines.filter((line) => !line.startsWith('  export LATCHKEY_'))
    expect(commands.filter((line) => !line.startsWith('    '))).toHaveLength(4)
    expect(commands.filter((line) => line.length > 100)).toEqual([])
    expect(lines.join('\n')).not.toMatch(/KEK_FILE|KEYS_DIR/)
    const npx = `npx() { shift; "${process.execPath}" "${CLI}" "$@"; }\n`
    const printed = execFileSync('sh', ['-e', '-c', npx + lines.join('\n')], {
      cwd: place.directory,
      env: { PATH: process.env['PATH'] }, // another terminal without the settings
      encoding: 'utf8',
    })
    expect(printed).toMatch(/^revoked +true$/m)
    expect(printed).toMatch(/^active +false$/m)
    expect(printed).toMatch(/^reason +token_revoked$/m)
    expect(printed).toMatch(/^scope +hook:track$/m)
  },
)
