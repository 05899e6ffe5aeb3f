// Database settings of every process of this project: an acknowledged write survives a power
// failure (synchronous FULL in WAL mode), and foreign keys are enforced.
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createCaller } from '../support/http.ts'
import { type Place, latchkey, newPlace, startServer, withVariables } from '../support/processes.ts'
import { openRecords } from '../support/database.ts'
import type { ClientCredentials } from '../support/records.ts'

const MODULES = fileURLToPath(new URL('../..', import.meta.url))
const OBSERVER = fileURLToPath(new URL('../support/pragmas.cjs', import.meta.url))

/**
 * Numbers of SQLite: 2 is FULL, 1 is NORMAL. The store waits for locks, so SQLite itself does not.
 */
const DATABASE = {
  file: 'latchkey.db',
  journal_mode: 'wal',
  synchronous: 2,
  foreign_keys: 1,
  busy_timeout: 0,
}
/** The ledger may lose its newest entries with the machine, and must delay no request. */
const LEDGER = { file: 'ledger.db', journal_mode: 'wal', synchronous: 1, busy_timeout: 500 }

const observedPlace = async (variables: Record<string, string> = {}): Promise<Place> =>
  withVariables(await newPlace(variables), { NODE_OPTIONS: `--require=${OBSERVER}`, MODULES })

type Pragmas = Record<string, unknown>

const pragmasIn = (stderr: string): Pragmas[] =>
  stderr
    .split('\n')
    .filter((line) => line.startsWith('pragmas '))
    .map((line) => JSON.parse(line.slice('pragmas '.length)) as Pragmas)

const expectPragmas = (found: Pragmas[]): void => {
  const main = found.filter(({ file }) => file === DATABASE.file)
  expect(main.length).toBeGreaterThan(0)
  for (const pragmas of main) expect(pragmas).toEqual(DATABASE)
  for (const pragmas of found) if (!main.includes(pragmas)) expect(pragmas).toMatchObject(LEDGER)
}

const addLedgerClient = async (place: Place): Promise<ClientCredentials> => {
  const records = openRecords(place)
  const client = await records.client({
    grants: { hook: ['hook:track'] },
    plugins: ['p'],
    ledger: true,
  })
  await records.close()
  return client
}

describe('database connections', () => {
  it.each([1, 2])(
    'have these settings in a server, its workers (%d) and the threads of their ledgers',
    async (workers) => {
      const place = await observedPlace({ LATCHKEY_WORKERS: String(workers) })
      const server = await startServer(place)
      const client = await addLedgerClient(place)
      const token = await createCaller(place.url).issue(client)
      await createCaller(place.url).revoke(client, token)
      const found = pragmasIn((await server.stop()).stderr)
      expectPragmas(found)
      const names = found.map(({ file }) => file)
      expect(names.filter((name) => name === DATABASE.file).length).toBeGreaterThanOrEqual(workers)
      expect(names).toContain(LEDGER.file)
    },
  )

  it.each(['migrate', 'client list', 'key list', 'plugin revoke-tokens p', 'restored'])(
    'have these settings in the command %s',
    async (command) => {
      const place = await observedPlace()
      await latchkey(place, ['migrate'])
      await addLedgerClient(place)
      const { stderr, code } = await latchkey(place, command.split(' '))
      expect(code, stderr).toBe(0)
      expectPragmas(pragmasIn(stderr))
    },
  )
})
