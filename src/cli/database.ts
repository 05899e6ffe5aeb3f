// Commands on the database as a whole: `migrate` and `restored`.
import type { Command } from 'commander'
import { markRestored } from '../admin/backups.ts'
import { loadConfig } from '../config.ts'
import { command } from './flags.ts'
import { print } from './output.ts'
import { withAdmin } from './session.ts'

export const database = (program: Command): void => {
  command(
    program,
    'migrate',
    'create the database, or migrate it to this version',
    'migrate',
  ).action(async (flags: { json?: boolean }) => {
    await withAdmin(async () => {}, { create: true })
    print({ database: loadConfig(process.env).databasePath, state: 'up to date' }, flags)
  })

  command(
    program,
    'restored',
    'secure a database restored from a backup: revoke all its keys, and with them all tokens',
    'restored',
  ).action(async (flags: { json?: boolean }) => print(await withAdmin(markRestored), flags))
}
