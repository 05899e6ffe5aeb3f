// Refused commands: exit 1 with one line, or exit 2 for wrong usage; no standard output, no change,
// and no repeated secret.
import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import type { AuditEvent } from '../../src/audit/record.ts'
import { auditEvents, auditText } from '../support/audit-log.ts'
import { dump } from '../support/database.ts'
import { type Place, createCli, latchkey, seededPlace } from '../support/processes.ts'

let place: Place
let cli: ReturnType<typeof createCli>
let client: string
let before: ReturnType<typeof dump>
let seen: AuditEvent[]
beforeAll(async () => {
  place = await seededPlace()
  cli = createCli(place)
  await cli.json('audience create docs --permission read')
  await cli.json('plugin create taken')
  await cli.json('workspace create taken')
  const created = await cli.json('client create --name a --grant hook=hook:track --grant docs=read')
  client = String(created['client_id'])
  before = dump(place)
  seen = auditEvents(place)
})

/**
 * The line on standard error, and the audit event of a refused change. `CLIENT` is replaced
 * by the id of an existing client.
 */
type Refusal = [line: RegExp, action?: string, reason?: string]

/** One of 64 kids begins with a dash. */
const DASHED = '-DXLDfOPGX69eHRGF2CKNoQAiWaMwp6BxXU8s4vpc7g'

const REFUSED: Record<string, Refusal> = {
  'audience create docs': [
    /the id docs is taken by an audience/,
    'audience.create',
    'already_exists',
  ],
  'audience create a+b': [/id: must be 1 to 128 of/, 'audience.create', 'invalid_value'],
  'audience create x --alg ES256': [
    /algorithm: must be an algorithm of LATCHKEY_ALGORITHMS/,
    'audience.create',
    'invalid_value',
  ],
  'audience update nope': [/there is no audience nope/, 'audience.update', 'not_found'],
  'plugin create taken': [/the id taken is taken by a plugin/, 'plugin.create', 'already_exists'],
  'plugin update taken --trust root': [/trust: must be bundled/, 'plugin.update', 'invalid_value'],
  'plugin revoke-tokens nope': [/there is no plugin nope/, 'plugin.revoke_tokens', 'not_found'],
  'workspace create taken': [
    /the id taken is taken by a workspace/,
    'workspace.create',
    'already_exists',
  ],
  'workspace suspend nope': [/there is no workspace nope/, 'workspace.suspend', 'not_found'],
  'workspace resume nope': [/there is no workspace nope/, 'workspace.resume', 'not_found'],
  'client create --name a --workspace nope': [
    /there is no workspace nope/,
    'client.create',
    'unknown_reference',
  ],
  'client create --name a --grant hook=nope': [
    /the audience hook has no permission nope/,
    'client.create',
    'unknown_reference',
  ],
  'client show nope': [/there is no client nope/],
  'client grant CLIENT --plugin nope': [
    /there is no plugin nope/,
    'client.update',
    'unknown_reference',
  ],
  'client disable nope': [/there is no client nope/, 'client.disable', 'not_found'],
  'client enable nope': [/there is no client nope/, 'client.enable', 'not_found'],
  'client delete nope': [/there is no client nope/, 'client.delete', 'not_found'],
  'client revoke-tokens nope': [/there is no client nope/, 'client.revoke_tokens', 'not_found'],
  'secret add nope': [/there is no client nope/, 'secret.add', 'not_found'],
  'secret add CLIENT --previous-expires-in 7776001': [
    /previous_expires_in: must be from 0 to 7776000 seconds/,
    'secret.add',
    'invalid_value',
  ],
  'secret list nope': [/there is no client nope/],
  'secret revoke CLIENT nope': [/there is no live secret/, 'secret.revoke', 'not_found'],
  'token issue --client nope --audience hook': [
    /there is no client with this id/,
    'token.issue',
    'not_found',
  ],
  'token issue --client CLIENT --audience hook': [
    /this audience requires one: hook/,
    'token.issue',
    'plugin_required',
  ],
  'token issue --client CLIENT --audience docs --scope write': [
    /The scope has a value that the client is not granted/,
    'token.issue',
    'scope_not_granted',
  ],
  'token revoke -': [/standard input has no token/],
  'token inspect -': [/standard input has no token/],
  'key rotate': [/the next RS256 key can sign from \d{4}-\S+Z on/, 'key.rotate', 'key_too_young'],
  [`key revoke ${DASHED}`]: [new RegExp(`there is no key ${DASHED}`), 'key.revoke', 'not_found'],
  [`key show ${DASHED} --json`]: [new RegExp(`there is no key ${DASHED}`)],
  'key revoke nope': [/there is no key nope/, 'key.revoke', 'not_found'],
}

const MISUSED: Record<string, RegExp> = {
  nope: /unknown command 'nope'/,
  'client create': /required option '--name <NAME>' not specified/,
  'client show': /missing required argument 'ID'/,
  'client list extra': /too many arguments/,
  'client create --name a --quota 5': /such as 60\/min/,
  'client create --name a --grant hook': /must be 'AUDIENCE=PERMISSION PERMISSION'/,
  'client create --name a --env --json': /cannot be used with option '--json'/,
  'admin create --env --json': /cannot be used with option '--json'/,
  'client list --workspace a --workspace b': /option '--workspace <ID>' may not be repeated/,
  'token issue --client c --audience hook --scope a --scope b':
    /'--scope <PERM…>' may not be repeated/,
  'token issue --client c --audience hook --scope a b': /too many arguments/,
  'client create --name a --ttl 60 --ttl 90': /'--ttl <SECONDS>' may not be repeated/,
  'key revoke': /name one key, or use --all/,
  'key revoke kid --all': /name one key, or use --all/,
}

const base64url = (value: string | Buffer): string => Buffer.from(value).toString('base64url')
const SECRET = `lks_${base64url(randomBytes(32))}`
const TOKEN = [base64url('{"alg":"RS256"}'), base64url('{"sub":"x"}'), base64url(randomBytes(256))]

/** Places where a person may paste a secret by mistake. */
const PASTED: [code: number, command: string][] = [
  [1, 'client disable SECRET'],
  [1, 'secret revoke CLIENT SECRET'],
  [1, 'token issue --client SECRET --audience hook'],
  [1, 'plugin revoke-tokens TOKEN'],
  [1, 'key revoke TOKEN'],
  [2, 'token revoke TOKEN'],
  [2, 'token inspect TOKEN'],
  [2, 'token revoke - TOKEN'],
]

/** Splits a command into words and replaces its placeholders. */
const words = (command: string): string[] => {
  const meant: Record<string, string> = { CLIENT: client, SECRET, TOKEN: TOKEN.join('.') }
  return command.split(' ').map((word) => meant[word] ?? word)
}

const expectNotRepeated = (text: string): void => {
  expect(text).not.toContain(SECRET)
  for (const part of TOKEN) expect(text).not.toContain(part)
}

describe.concurrent('command', () => {
  it.each(Object.entries(REFUSED))('exits 1: %s', async (command, [line]) => {
    await cli.refused(line, words(command).join(' '))
  })

  it.each(Object.entries(MISUSED))('exits 2: %s', async (command, line) => {
    await cli.misused(line, command)
  })

  it.each([
    'client list --Workspace a',
    'client list --workspaces a',
    'client list --workspace[] a',
    'token issue --client c --audience hook --scopes a',
  ])('exits 2 for a flag in another spelling: %s', async (command) => {
    const { code, stdout, stderr } = await latchkey(place, command.split(' '))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('unknown option')
  })

  it('exits 2 without arguments', async () => {
    const { code, stdout, stderr } = await latchkey(place, [])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^Usage: latchkey /)
  })

  it.each(PASTED)('exits %i without a repeated secret: %s', async (code, command) => {
    const output = await latchkey(place, words(command))
    expect(output).toMatchObject({ code, stdout: '' })
    expect(output.stderr).toMatch(/^[^\n]+\n$/)
    expectNotRepeated(output.stderr)
  })
})

it.each([
  [['client', 'show', ''], 'client_id: cannot be empty'],
  [['plugin', 'delete', '..'], 'id: cannot be ..'],
  [['resource', 'show', '', 'x'], 'type: cannot be empty'],
])('%j is refused with the sentence that it has for a remote server', async (words, sentence) => {
  expect(await latchkey(place, words)).toMatchObject({ code: 1, stderr: `latchkey: ${sentence}\n` })
})

describe('refused commands', () => {
  it('change nothing, are audited, and leave no secret in the audit', () => {
    expect(dump(place)).toEqual(before)
    expectNotRepeated(auditText(place))
    const refused = auditEvents(place)
      .slice(seen.length)
      .map(({ action, outcome, reason }) => [action, outcome, reason].join(' '))
    const pasted = ['client.disable', 'secret.revoke', 'token.issue', 'plugin.revoke_tokens']
    const expected = Object.values(REFUSED)
      .filter(([, action]) => action !== undefined)
      .map(([, action, reason]) => `${action} refused ${reason}`)
    const ofPasted = [...pasted, 'key.revoke'].map((action) => `${action} refused not_found`)
    expect(refused.sort()).toEqual([...expected, ...ofPasted].sort())
  })
})
