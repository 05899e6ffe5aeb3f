// A process that migrates a database file on command, with the migrations of a start or with given ones. The SQL of
// given migrations may call die(), which is a kill -9 at that point, and pause().
import BetterSqlite3 from 'better-sqlite3'
import { BUSY_TIMEOUT_MS } from '../../src/constants.ts'
import { type Migration, migrate } from '../../src/store/sqlite/migrate.ts'

export type Order = { path: string; migrations: Migration[] | null }
export type Report = 'ready' | 'done' | { error: string }

const migrateFile = async ({ path, migrations }: Order): Promise<void> => {
  if (migrations === null) {
    const { openBetterSqlite3Store } = await import('../../src/store/sqlite/better-sqlite3.ts')
    return await openBetterSqlite3Store(path).close()
  }
  const client = new BetterSqlite3(path, { timeout: BUSY_TIMEOUT_MS })
  client.function('die', () => process.kill(process.pid, 'SIGKILL'))
  client.function('pause', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500))
  migrate(client, migrations)
  client.close()
}

const report = (message: Report): void => void process.send?.(message)

process.on('message', (order: Order) => {
  migrateFile(order).then(
    () => report('done'),
    (error: unknown) => report({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
report('ready')
