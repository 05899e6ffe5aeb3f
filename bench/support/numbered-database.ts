// Databases with many clients or many rules. Their rows are copies of rows that the command line wrote, so that they fit
// the schema of any version.
import BetterSqlite3 from 'better-sqlite3'
import { createHash } from 'node:crypto'
import type { Credentials } from './comparison.ts'
import { clientIdOf, secretOf } from './numbered-clients.ts'

const RULE_LIFETIME_SECONDS = 3_600

type Database = BetterSqlite3.Database

const columnsOf = (database: Database, table: string): string[] =>
  (database.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name)

/** Copies the rows of one client for each number. `replaced`: expressions over `i`, by column. */
const copyRows = (
  database: Database,
  {
    table,
    key,
    id,
    replaced,
  }: {
    table: string
    key: string
    id: string
    replaced: Record<string, string>
  },
): void => {
  const columns = columnsOf(database, table)
  const values = columns.map((name) => replaced[name] ?? `t."${name}"`)
  const names = columns.map((name) => `"${name}"`).join(', ')
  database
    .prepare(
      `insert into ${table} (${names}) select ${values.join(', ')} from numbers cross join ${table} t where t."${key}" = ?`,
    )
    .run(id)
}

/** SQL of the id of client `i`, like `clientIdOf`. */
const idExpression = (): string => {
  const [before, after] = clientIdOf(0).split('000000')
  return `'${before}' || printf('%06d', i) || '${after}'`
}

const withNumbers = (file: string, count: number, write: (database: Database) => void): void => {
  const database = new BetterSqlite3(file)
  database.pragma('synchronous = off')
  database.pragma('foreign_keys = off')
  database.exec(`create temp table numbers as
    with recursive n (i) as (select 0 union all select i + 1 from n where i < ${count - 1}) select i from n`)
  database.transaction(() => write(database))()
  database.pragma('wal_checkpoint(truncate)')
  database.close()
}

/**
 * Adds that many clients with the rows of the given one and the secrets of numbered-clients.ts. Gathers no statistics
 * (`analyze`), as the server gathers none: with them, SQLite chooses other plans.
 */
export const addClients = (file: string, { clientId }: Credentials, count: number): void => {
  const id = idExpression()
  withNumbers(file, count, (database) => {
    database.function('secret_hash', { deterministic: true }, (number) =>
      createHash('sha256')
        .update(secretOf(Number(number)))
        .digest('base64url'),
    )
    copyRows(database, { table: 'clients', key: 'id', id: clientId, replaced: { id } })
    const replaced = {
      id: "'secret_' || printf('%022d', i)",
      client_id: id,
      hash: 'secret_hash(i)',
      hint: "'ssss'",
    }
    copyRows(database, { table: 'client_secrets', key: 'client_id', id: clientId, replaced })
    for (const table of ['client_plugins', 'client_grants']) {
      copyRows(database, { table, key: 'client_id', id: clientId, replaced: { client_id: id } })
    }
  })
}

/** Adds that many live rules over single tokens. */
export const addRules = (file: string, count: number): void => {
  const expiresAt = Math.floor(Date.now() / 1000) + RULE_LIFETIME_SECONDS
  withNumbers(file, count, (database) => {
    database.exec(`
      insert into revocations (seq, kind, value, client_id, expires_at, created_at)
      select seq + i + 1, 'jti', substr(replace(replace(hex(randomblob(16)), '0', '-'), '1', '_'), 1, 21) || 'A',
        'lkc_1', ${expiresAt}, ${expiresAt - RULE_LIFETIME_SECONDS} from numbers, revocation_counter;
      update revocation_counter set seq = seq + ${count}`)
  })
}
