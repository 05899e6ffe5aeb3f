// The file of the ledger. Times are seconds since the epoch. Nothing here is a token.
import { closeSync, existsSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { LEDGER_BATCH_ENTRIES, LEDGER_BUSY_TIMEOUT_MS } from '../../constants.ts'
import type { LedgerEntry, LedgerFilter, LedgerRow } from '../../store/ledger.ts'
import { spareTemporaryFiles, writeAhead } from '../../store/sqlite/better-sqlite3.ts'
import { requireDriver } from '../../store/sqlite/driver.ts'
import type { Part } from '../../store/store.ts'

/** What it does fails with the errors of SQLite and of the system. */
export type LedgerFile = {
  /** All or none. */
  add(entries: readonly LedgerEntry[]): void
  /** Those that have not expired. */
  count(filter: LedgerFilter, now: number): number
  list(filter: LedgerFilter, now: number, part: Part<number>): LedgerRow[]
  /** Forgets some of what has expired. @returns whether there may be more */
  prune(now: number): boolean
  close(): void
}

/** Of the tables below: a file with others is not read. */
const VERSION = 1
/** Says in the file whose it is ("LKLG"). */
const APPLICATION_ID = 0x4c4b_4c47

/** A database of somebody else's. It is left alone. */
export class ForeignFile extends Error {
  override readonly name = 'ForeignFile'
  readonly code = 'LEDGER_FOREIGN'
}

/**
 * Rows are only ever added at the end: with a key of random bits they would be written all over the file. A run is
 * found by its identifier, in whichever workspace.
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

/** @throws where it cannot be opened, is no database, or is of another version */
export const openLedgerFile = (path: string): LedgerFile => {
  requireDriver()
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
  const client = new BetterSqlite3(path, { timeout: LEDGER_BUSY_TIMEOUT_MS })
  try {
    isNew(client) // before anything is written into a file that is not ours
    writeAhead(client)
    // A crash of the machine may take the newest entries, but leaves a file that can be read.
    client.pragma('synchronous = NORMAL')
    spareTemporaryFiles(client)
    client.transaction(() => isNew(client) && client.exec(SCHEMA)).immediate()
    return ledgerFile(client)
  } catch (error) {
    client.close()
    throw error
  }
}

/** @throws ForeignFile where it is no ledger; Error where it is one of another version */
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
  // In the order of the index, so that both statements find the same.
  const expired = `select seq from tokens where expires_at <= ? order by expires_at, seq limit ${LEDGER_BATCH_ENTRIES}`
  const pruneRuns = client.prepare(`delete from token_runs where (identifier, seq) in (
    select run.value, t.seq from tokens t, json_each(t.runs) run where t.seq in (${expired}))`)
  const pruneTokens = client.prepare(`delete from tokens where seq in (${expired})`)

  const add = client.transaction((entries: readonly LedgerEntry[]) => {
    for (const { jti, clientId, workspaceId, audience, runs, issuedAt, expiresAt } of entries) {
      const said = [jti, clientId, workspaceId, audience, JSON.stringify(runs)]
      const { lastInsertRowid: seq } = insertToken.run(...said, issuedAt, expiresAt)
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

/** Tokens that fit and have not expired, for a statement of which a part is still to be said. */
const fitting = ({ clientId, run, workspaceId }: LedgerFilter, now: number) => {
  const said: [condition: string, value: unknown][] = [['t.expires_at > ?', now]]
  if (clientId !== undefined) said.push(['t.client_id = ?', clientId])
  if (workspaceId !== undefined) said.push(['t.workspace_id is ?', workspaceId])
  if (run !== undefined) said.push(['r.identifier = ?', run])
  const runs = run === undefined ? '' : 'join token_runs r on r.seq = t.seq'
  const conditions = said.map(([condition]) => condition).join(' and ')
  return {
    from: `from tokens t ${runs} where ${conditions}`,
    values: said.map(([, value]) => value),
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

/** Which file it is; null where there is none. */
export const identityOf = (path: string): number | null =>
  existsSync(path) ? statSync(path).ino : null

/**
 * Makes room for a new one: the file keeps a name that says since when. Only the file that was looked at: another
 * process may have been faster. @returns whether it did. @throws where the folder cannot be written
 */
export const moveAside = (path: string, identity: number | null, now: number): boolean => {
  if (identity === null || identityOf(path) !== identity) return false
  const stamp = new Date(now * 1000).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  // The log first: beside a new file it would be taken for that one's.
  for (const suffix of ['-wal', '-shm', '']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, `${path}.unusable-${stamp}${suffix}`)
  }
  return true
}
