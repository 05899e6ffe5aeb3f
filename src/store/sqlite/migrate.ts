// The migration runner for better-sqlite3 (docs/decisions/0004). drizzle's runner reads its journal before a deferred
// BEGIN, so that two first starts collide. It switches foreign_keys off inside the transaction, which has no effect:
// the rebuild of a table then deletes the rows that refer to it.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type BetterSqlite3 from 'better-sqlite3'
import { StartRefused } from '../../errors.ts'

export type Migration = { tag: string; hash: string; statements: string[] }

type Applied = Pick<Migration, 'tag' | 'hash'>

const SQLITE_MIGRATIONS = fileURLToPath(new URL('../../../drizzle/sqlite', import.meta.url))

/**
 * Reads the migrations that drizzle-kit has written to a folder, in order.
 * @throws StartRefused where they cannot be read, which is an error of the installation
 */
export const loadMigrations = (folder: string = SQLITE_MIGRATIONS): Migration[] => {
  try {
    return readMigrations(folder)
  } catch (error) {
    const code = String((error as { code?: unknown }).code ?? 'no JSON')
    throw new StartRefused(
      `the installation is broken: the migrations in ${folder} cannot be read (${code}); install Latchkey anew`,
      { cause: error },
    )
  }
}

const readMigrations = (folder: string): Migration[] => {
  const journal = JSON.parse(readFileSync(join(folder, 'meta/_journal.json'), 'utf8')) as {
    entries: { tag: string }[]
  }
  return journal.entries.map(({ tag }) => {
    const text = readFileSync(join(folder, `${tag}.sql`), 'utf8')
    return {
      tag,
      hash: createHash('sha256').update(text).digest('base64url'),
      statements: text.split('--> statement-breakpoint'),
    }
  })
}

/**
 * Applies the missing migrations, each as a whole or not at all, in any number of processes at once.
 * @throws StartRefused for a database with unknown migrations, or where a migration would leave dangling references
 */
export const migrate = (
  client: BetterSqlite3.Database,
  migrations: Migration[] = loadMigrations(),
): void => {
  // Reads without a write lock first: an ordinary start changes nothing and need not wait.
  while (pending(client, migrations) !== undefined) {
    client.pragma('foreign_keys = OFF') // has no effect inside a transaction
    try {
      client.transaction(() => applyNext(client, migrations)).immediate()
    } finally {
      client.pragma('foreign_keys = ON')
    }
  }
}

const applyNext = (client: BetterSqlite3.Database, migrations: Migration[]): void => {
  const position = pending(client, migrations) // again: another process may have been faster
  const migration = position === undefined ? undefined : migrations[position]
  if (migration === undefined) return
  for (const statement of migration.statements) client.exec(statement)
  if ((client.pragma('foreign_key_check') as unknown[]).length > 0) {
    throw new StartRefused(`migration ${migration.tag} would leave rows that refer to nothing`)
  }
  client.exec(`create table if not exists latchkey_migrations
    (position integer primary key, tag text not null, hash text not null) strict`)
  client
    .prepare('insert into latchkey_migrations (position, tag, hash) values (?, ?, ?)')
    .run(position, migration.tag, migration.hash)
}

/** Names the migrations that have not been applied. @throws StartRefused as `migrate` does */
export const pendingMigrations = (
  client: BetterSqlite3.Database,
  migrations: Migration[] = loadMigrations(),
): string[] => {
  const position = pending(client, migrations) ?? migrations.length
  return migrations.slice(position).map(({ tag }) => tag)
}

/** The position of the first migration that has not been applied; undefined: all have been. */
const pending = (client: BetterSqlite3.Database, migrations: Migration[]): number | undefined => {
  const applied = readJournal(client)
  applied.forEach(({ tag, hash }, position) => {
    const ours = migrations[position]
    if (ours === undefined || ours.tag !== tag) {
      throw new StartRefused(
        `the database was made by a newer version of Latchkey (migration ${tag} is unknown to this one)`,
      )
    }
    if (ours.hash !== hash) {
      throw new StartRefused(
        `migration ${tag} of the database is not the one that this version has`,
      )
    }
  })
  return applied.length < migrations.length ? applied.length : undefined
}

const readJournal = (client: BetterSqlite3.Database): Applied[] => {
  const exists = client
    .prepare(`select 1 from sqlite_master where type = 'table' and name = 'latchkey_migrations'`)
    .get()
  if (exists === undefined) return []
  return client
    .prepare('select tag, hash from latchkey_migrations order by position')
    .all() as Applied[]
}
