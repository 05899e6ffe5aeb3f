// The question before an operation: whether it is asked, and what an error of the rehearsal means.
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { beforeAll, describe, expect, it } from 'vitest'
import { SHELL } from '../../src/admin/authority.ts'
import { disableClient, updateClient } from '../../src/admin/clients.ts'
import type { AdminCall } from '../../src/admin/operation.ts'
import { askBefore } from '../../src/cli/consent.ts'
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
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-consent-'))
  atEndOfFile(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(join(folder, 'data'), { mode: 0o700 })
  const store = openBetterSqlite3Store(join(folder, 'data', 'latchkey.db'))
  const keys = await testKeys(['RS256'])
  await store.bootstrap(firstSeed(keys, null, randomBytes), NOW / 1000, () => {})
  clientId = (await createRecords(store, () => NOW / 1000).client()).id
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
  directory = folder,
): Promise<string> => {
  const input = new PassThrough()
  const output = new PassThrough()
  input.end(answer)
  await askBefore(operation, stageIn(directory), { input, output })
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
    const disabling = asked((call) => disableClient(call, clientId), 'y\n', '/nowhere')
    await expect(disabling).rejects.toThrow(StartRefused)
    const broken = asked(() => Promise.reject(new TypeError('broken')), 'y\n')
    await expect(broken).rejects.toThrow('broken')
    for (const error of [new Unavailable('busy'), new Conflict('changed meanwhile')]) {
      await expect(asked(() => Promise.reject(error), 'y\n')).rejects.toBe(error)
    }
  })
})
