// Commands on the database as a whole: `migrate`, `backup` and `restored`.
import { statSync } from 'node:fs'
import type { Command } from 'commander'
import { requireDatabaseFile } from '../node/files/database-file.ts'
import { STOP_SIGNALS } from '../node/stop-reason.ts'
import type { Environment } from '../settings/environment.ts'
import { command } from './flags.ts'
import { print } from './output.ts'
import { createProgress } from './progress.ts'
import { noteDryRun, safety } from './safety.ts'
import { requireLocal, withAdmin } from './session.ts'

export const database = (program: Command): void => {
  command(
    program,
    'migrate',
    'create the database, or migrate it to this version',
    'migrate',
  ).action(async (flags: { json?: boolean }) => {
    requireLocal()
    const path = await databasePathOf(process.env)
    if (safety().isDryRun) return print({ database: path, state: await stateOf(path) }, flags)
    await withAdmin(async () => {}, { create: true })
    print({ database: path, state: 'up to date' }, flags)
  })

  command(
    program,
    'backup <FILE>',
    'copy the database, which may be in use, to a new file with mode 0600',
    'backup latchkey-2026-01-31.db',
  ).action(async (file: string, flags: { json?: boolean }) => {
    requireLocal()
    const databasePath = await databasePathOf(process.env)
    if (requireDatabaseFile(databasePath).isNew) {
      throw (await import('../node/open.ts')).noDatabase({ databasePath })
    }
    if (safety().isDryRun) return print(await rehearsedBackup(databasePath, file), flags)
    const { backUp } = await import('../store/sqlite/existing.ts')
    const { onProgress, clear } = createProgress(process.stderr)
    const ending = new AbortController()
    // Every later signal of the kind counts, too: its default would end the process before the part is removed.
    const end = (name: NodeJS.Signals): void => ending.abort(name)
    for (const name of STOP_SIGNALS) process.on(name, end)
    try {
      await backUp(databasePath, file, { onProgress, signal: ending.signal })
    } finally {
      for (const name of STOP_SIGNALS) process.off(name, end)
      clear()
    }
    print({ database: databasePath, copy: file, bytes: statSync(file).size }, flags)
  })

  command(
    program,
    'restored',
    'secure a database restored from a backup: revoke all its keys, and with them all tokens',
    'restored',
  ).action(async (flags: { json?: boolean }) => {
    const { markRestored } = await import('../admin/backups.ts')
    print(await withAdmin(markRestored), flags)
  })
}

/** The help of all commands loads this file, and needs no settings. */
const databasePathOf = async (environment: Environment): Promise<string> =>
  (await import('../config.ts')).loadConfig(environment).databasePath

/** Describes the copy that `backup` would make. Changes nothing. */
const rehearsedBackup = async (path: string, file: string) => {
  const { copySize } = await import('../store/sqlite/existing.ts')
  const bytes = copySize(path, file)
  noteDryRun()
  return { database: path, copy: file, bytes }
}

/** Describes what `migrate` would do. Changes nothing. */
const stateOf = async (path: string): Promise<string> => {
  if (requireDatabaseFile(path).isNew) return 'would be created'
  const { openToRead } = await import('../store/sqlite/existing.ts')
  const { store, pendingMigrations } = openToRead(path)
  await store.close()
  return pendingMigrations.length === 0 ? 'up to date' : `would get ${pendingMigrations.join(', ')}`
}
