// File of the ledger. Times are seconds since the epoch. The file holds no token.
import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { LEDGER_BATCH_ENTRIES, LEDGER_BUSY_TIMEOUT_MS } from '../../constants.ts'
import type { LedgerEntry, LedgerFilter, LedgerRow } from '../../store/ledger.ts'
import { spareTemporaryFiles, writeAhead } from '../../store/sqlite/settings.ts'
import { requireDriver } from '../../store/sqlite/driver.ts'
import type { Part } from '../../store/store.ts'

/** Operations on the file. They throw the errors of SQLite and of the system. */
export type LedgerFile = {
  /** Adds all entries or none. */
  add(entries: readonly LedgerEntry[]): void
  /** Counts tokens that fit the filter and have not expired. */
  count(filter: LedgerFilter, now: number): number
  list(filter: LedgerFilter, now: number, part: Part<number>): LedgerRow[]
  /** Deletes a batch of expired tokens. Returns whether there may be more. */
  prune(now: number): boolean
  close(): void
}

/** Version of the tables below. A file of another version is not read. */
const VERSION = 1
/** Marks the file as a ledger of Latchkey ("LKLG"). */
const APPLICATION_ID = 0x4c4b_4c47

/** Database of another program, which stays as it is. */
export class ForeignFile extends Error {
  override readonly name = 'ForeignFile'
  readonly code = 'LEDGER_FOREIGN'
}

/**
 * Rows are added at the end of the table. With a random primary key they would be spread over the whole file. A run is
 * found by its identifier in every workspace.
 */
const SCHEMA = `
  create table tokens (
    seq integer primary key,
    jti text not null,
    client_id text not null,
    workspace_id text,
    audience text not null,
    runs text not null, -- a JSON array of identifiers
    issued_at integer not null,
    expires_at integer not null
  );
  create index tokens_client on tokens (client_id);
  create index tokens_expiry on tokens (expires_at);
  create table token_runs (
    identifier text not null,
    seq integer not null,
    primary key (identifier, seq)
  ) without rowid;
  pragma application_id = ${APPLICATION_ID};
  pragma user_version = ${VERSION};`

/** @throws if the file cannot be opened, is no database, or is of another version */
export const openLedgerFile = (path: string): LedgerFile => {
  requireDriver()
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
  const client = new BetterSqlite3(path, { timeout: LEDGER_BUSY_TIMEOUT_MS })
  try {
    isNew(client) // throws before a write, if the file belongs to another program
    writeAhead(client)
    // A crash of the machine may lose the newest entries, and leaves a readable file.
    client.pragma('synchronous = NORMAL')
    spareTemporaryFiles(client)
    client.transaction(() => isNew(client) && client.exec(SCHEMA)).immediate()
    return ledgerFile(client)
  } catch (error) {
    client.close()
    throw error
  }
}

/**
 * Opens an existing ledger, which no operation can change. @returns null if there is none
 * @throws like `openLedgerFile`
 */
export const openLedgerToRead = (path: string): LedgerFile | null => {
  if (!existsSync(path)) return null
  const client = new BetterSqlite3(path, { timeout: LEDGER_BUSY_TIMEOUT_MS, fileMustExist: true })
  try {
    client.pragma('query_only = ON')
    if (!isNew(client)) return ledgerFile(client)
    client.close()
    return null
  } catch (error) {
    client.close()
    throw error
  }
}

/** @throws ForeignFile if the file is no ledger; Error if it is a ledger of another version */
const isNew = (client: BetterSqlite3.Database): boolean => {
  const [version, id] = ['user_version', 'application_id'].map((name) =>
    client.pragma(name, { simple: true }),
  )
  const tables = client.prepare('select count(*) from sqlite_master').pluck().get()
  if (version === 0 && id === 0 && tables === 0) return true
  if (id !== APPLICATION_ID) throw new ForeignFile('this is another program’s database')
  if (version !== VERSION) throw new Error('the ledger is of another version')
  return false
}

const ledgerFile = (client: BetterSqlite3.Database): LedgerFile => {
  const insertToken = client.prepare(
    `insert into tokens (jti, client_id, workspace_id, audience, runs, issued_at, expires_at)
      values (?, ?, ?, ?, ?, ?, ?)`,
  )
  const insertRun = client.prepare('insert into token_runs (identifier, seq) values (?, ?)')
  // Sorted like the index, so that both statements select the same rows.
  const expired = `select seq from tokens where expires_at <= ? order by expires_at, seq limit ${LEDGER_BATCH_ENTRIES}`
  const pruneRuns = client.prepare(`delete from token_runs where (identifier, seq) in (
    select run.value, t.seq from tokens t, json_each(t.runs) run where t.seq in (${expired}))`)
  const pruneTokens = client.prepare(`delete from tokens where seq in (${expired})`)

  const add = client.transaction((entries: readonly LedgerEntry[]) => {
    for (const { jti, clientId, workspaceId, audience, runs, issuedAt, expiresAt } of entries) {
      const values = [jti, clientId, workspaceId, audience, JSON.stringify(runs)]
      const { lastInsertRowid: seq } = insertToken.run(...values, issuedAt, expiresAt)
      for (const run of runs) insertRun.run(run, seq)
    }
  })

  const prune = client.transaction((now: number) => {
    pruneRuns.run(now)
    return pruneTokens.run(now).changes
  })

  return {
    add: (entries) => add.immediate(entries),
    prune: (now) => prune.immediate(now) === LEDGER_BATCH_ENTRIES,
    count(filter, now) {
      const { from, values } = fitting(filter, now)
      return client.prepare(`select count(*) ${from}`).pluck().get(values) as number
    },
    list(filter, now, { after = 0, limit = -1 }) {
      const { from, values } = fitting(filter, now)
      const page = `and t.seq > ? order by t.seq limit ?`
      return client
        .prepare(`select t.* ${from} ${page}`)
        .all([...values, after, limit])
        .map((row) => rowOf(row as Stored))
    },
    close() {
      client.close()
    },
  }
}

/** Returns the `from` and `where` of a statement over tokens that fit the filter and have not expired. */
const fitting = ({ jti, clientId, run, workspaceId }: LedgerFilter, now: number) => {
  const terms: [condition: string, value: unknown][] = [['t.expires_at > ?', now]]
  // An index on random ids would spread the writes over the file. An administrator's rare request reads every row: 84 ms
  // for a million tokens.
  if (jti !== undefined) terms.push(['t.jti = ?', jti])
  if (clientId !== undefined) terms.push(['t.client_id = ?', clientId])
  if (workspaceId !== undefined) terms.push(['t.workspace_id is ?', workspaceId])
  if (run !== undefined) terms.push(['r.identifier = ?', run])
  const runs = run === undefined ? '' : 'join token_runs r on r.seq = t.seq'
  const conditions = terms.map(([condition]) => condition).join(' and ')
  return {
    from: `from tokens t ${runs} where ${conditions}`,
    values: terms.map(([, value]) => value),
  }
}

type Stored = {
  seq: number
  jti: string
  client_id: string
  workspace_id: string | null
  audience: string
  runs: string
  issued_at: number
  expires_at: number
}

const rowOf = (row: Stored): LedgerRow => ({
  seq: row.seq,
  jti: row.jti,
  clientId: row.client_id,
  workspaceId: row.workspace_id,
  audience: row.audience,
  runs: JSON.parse(row.runs) as string[],
  issuedAt: row.issued_at,
  expiresAt: row.expires_at,
})

/** Returns the inode of the file, or null if it is missing. */
export const identityOf = (path: string): number | null =>
  existsSync(path) ? statSync(path).ino : null

/**
 * Renames the file to make room for a new one. The new name has the time in it. Only the file with this identity is
 * renamed, because another process may have been faster. Returns whether it was renamed.
 * @throws if the folder cannot be written
 */
export const moveAside = (path: string, identity: number | null, now: number): boolean => {
  if (identity === null || identityOf(path) !== identity) return false
  const stamp = new Date(now * 1000).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  // Renames the write-ahead log first: beside a new file SQLite would read it as that file's log.
  for (const suffix of ['-wal', '-shm', '']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, `${path}.unusable-${stamp}${suffix}`)
  }
  return true
}
