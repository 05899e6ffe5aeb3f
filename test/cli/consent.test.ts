// The question before an operation: whether it is asked, and what an error of the rehearsal means.
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import BetterSqlite3 from 'better-sqlite3'
import { beforeAll, describe, expect, it } from 'vitest'
import { SHELL } from '../../src/admin/authority.ts'
import { disableClient, updateClient } from '../../src/admin/clients.ts'
import { revokeAllKeys } from '../../src/admin/keys.ts'
import type { AdminCall } from '../../src/admin/operation.ts'
import { deletePlugin, disablePlugin } from '../../src/admin/plugins.ts'
import { addSecret } from '../../src/admin/secrets.ts'
import { suspendWorkspace } from '../../src/admin/workspaces.ts'
import { askBefore } from '../../src/cli/consent.ts'
import { createProgram } from '../../src/cli/program.ts'
import { safety } from '../../src/cli/safety.ts'
import { loadConfig } from '../../src/config.ts'
import { Conflict, StartRefused, Unavailable } from '../../src/errors.ts'
import { firstSeed } from '../../src/store/seed.ts'
import { openBetterSqlite3Store } from '../../src/store/sqlite/better-sqlite3.ts'
import { atEndOfFile } from '../support/cleanups.ts'
import { KEK, testKeys } from '../support/keys.ts'
import { createRecords } from '../support/records.ts'

const SILENT = { debug() {}, info() {}, warn() {}, error() {} }
const NOW = Date.parse('2026-01-01T00:00:00Z')

let folder: string
let clientId: string
let makerId: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-consent-'))
  atEndOfFile(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'data'), { mode: 0o700 })
  const store = openBetterSqlite3Store(join(folder, 'data', 'latchkey.db'))
  const keys = await testKeys(['RS256'])
  await store.bootstrap(firstSeed(keys, null, randomBytes), NOW / 1000, () => {})
  const records = createRecords(store, () => NOW / 1000)
  clientId = (await records.client()).id
  makerId = (await records.client()).id
  for (const id of ['p9', 'unused']) {
    await store.createPlugin(
      { id, name: id, trust: 'trusted', capabilities: [], snapshot: null },
      NOW / 1000,
    )
  }
  for (const [id, plugins, createdBy] of [
    ['a', ['p9'], null],
    ['b', ['p9'], null],
    ['c', [], makerId],
  ] as const) {
    await store.createEnrollment(
      {
        id,
        name: id,
        hash: id,
        workspaceId: 'default',
        plugins: [...plugins],
        grants: [],
        details: [],
        unusedAfter: null,
        expiresAt: NOW / 1000 + 60,
        createdBy,
        createdByGeneration: createdBy === null ? null : 1,
      },
      NOW / 1000,
    )
  }
  await store.close()
})

const stageIn = (directory: string) => ({
  config: loadConfig({
    LATCHKEY_DATABASE_URL: `file:${directory}/data/latchkey.db`,
    LATCHKEY_KEK: Buffer.from(KEK).toString('base64url'),
  }),
  clock: () => NOW,
  log: SILENT,
  call: {
    as: { actor: 'test' },
    authority: SHELL,
    reauthorize: async () => SHELL,
    ifMatch: null,
  },
})

/** Rehearses an operation with this answer. @returns the question; empty: nothing was asked */
const asked = async (
  operation: (call: AdminCall) => Promise<unknown>,
  answer: string,
  { directory = folder, isDeletion = false } = {},
): Promise<string> => {
  const input = new PassThrough()
  const output = new PassThrough()
  input.end(answer)
  await askBefore(operation, stageIn(directory), { isDeletion, terminal: { input, output } })
  return String((output.read() as Buffer | null) ?? '')
}

describe('question before an operation', () => {
  it('names what ends, and a yes lets the command go on', async () => {
    expect(await asked((call) => disableClient(call, clientId), 'y\n')).toBe(
      'This ends: tokens of 1 client (0 live in the ledger). Continue? [y/N] ',
    )
  })

  it('ends the command after another answer', async () => {
    const disabling = asked((call) => disableClient(call, clientId), 'n\n')
    await expect(disabling).rejects.toThrow('nothing was changed')
  })

  it('is not asked where nothing ends, or where the operation will be refused', async () => {
    expect(await asked((call) => updateClient(call, clientId, { name: 'other' }), 'n\n')).toBe('')
    expect(await asked((call) => disableClient(call, 'lkc_nobody'), 'n\n')).toBe('')
  })

  it('is no consent where the rehearsal fails', async () => {
    const disabling = asked((call) => disableClient(call, clientId), 'y\n', {
      directory: '/nowhere',
    })
    await expect(disabling).rejects.toThrow(StartRefused)
    const broken = asked(() => Promise.reject(new TypeError('broken')), 'y\n')
    await expect(broken).rejects.toThrow('broken')
    for (const error of [new Unavailable('busy'), new Conflict('changed meanwhile')]) {
      await expect(asked(() => Promise.reject(error), 'y\n')).rejects.toBe(error)
    }
  })
})

type Call = (call: AdminCall) => Promise<unknown>

describe('effects that a question names', () => {
  const ENDS: readonly (readonly [name: string, operation: Call, ends: string])[] = [
    [
      'enrollments of a plugin that is disabled',
      (call) => disablePlugin(call, 'p9'),
      'This ends: 2 enrollments. ',
    ],
    [
      'enrollments of a plugin that is deleted',
      (call) => deletePlugin(call, 'p9'),
      'This ends: 2 enrollments. ',
    ],
    [
      'enrollments of a workspace that is suspended',
      (call) => suspendWorkspace(call, 'default'),
      'This ends: tokens of 2 clients (0 live in the ledger), 3 enrollments. ',
    ],
    [
      'enrollments of their maker, who is disabled',
      (call) => disableClient(call, makerId),
      'This ends: tokens of 1 client (0 live in the ledger), 1 enrollment. ',
    ],
    [
      'a secret that ends at once where another is added',
      (call) => addSecret(call, clientId, { previous_expires_in: 0 }),
      'This ends: 1 secret. ',
    ],
  ]
  it.each(ENDS)('are %s', async (_, operation, ends) => {
    expect(await asked(operation, 'y\n')).toBe(`${ends}Continue? [y/N] `)
  })

  it('are asked about before each deletion, even where there are none', async () => {
    const deletion: Call = (call) => deletePlugin(call, 'unused')
    expect(await asked(deletion, 'y\n', { isDeletion: true })).toBe(
      'This deletes it for good, and ends nothing else. Continue? [y/N] ',
    )
    await expect(asked(deletion, 'n\n', { isDeletion: true })).rejects.toThrow(StartRefused)
  })
})

describe('commands that ask', () => {
  const chosen = async (words: string) => {
    const program = await createProgram('')
    for (const noun of program.commands) for (const verb of noun.commands) verb.action(() => {})
    await program.parseAsync(['node', 'latchkey', ...words.split(' ')])
    return safety()
  }

  it('are those that delete or add a secret, without --yes', async () => {
    expect(await chosen('plugin delete p9')).toMatchObject({ asks: true, isDeletion: true })
    expect(await chosen('secret add ID')).toMatchObject({ asks: true, isDeletion: false })
    expect(await chosen('secret add ID --yes')).toMatchObject({ asks: false })
    expect(await chosen('token revoke -')).toMatchObject({ asks: false })
  })
})

describe('rehearsal of an operation that makes keys', () => {
  it('leaves other processes time to write', async () => {
    const other = new BetterSqlite3(join(folder, 'data', 'latchkey.db'), { timeout: 0 })
    other.pragma('synchronous = OFF')
    other.exec('create table counted (number integer)')
    let commits = 0
    let refused = 0
    const timer = setInterval(() => {
      try {
        other.exec('insert into counted values (1)')
        commits += 1
      } catch {
        refused += 1
      }
    }, 1)
    await asked((call) => revokeAllKeys(call), 'y\n')
    clearInterval(timer)
    other.close()
    expect(commits).toBeGreaterThan(refused)
  })
})
