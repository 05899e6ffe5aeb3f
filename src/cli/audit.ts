import type { Command } from 'commander'
import { exportAudit, listAudit, verifyAudit } from '../admin/audit.ts'
import type { AdminCall } from '../admin/operation.ts'
import { DEFAULT_PAGE } from '../constants.ts'
import { withoutUndefined, command, wholeNumber } from './flags.ts'
import { print, printLines } from './output.ts'
import { withAdmin } from './session.ts'

type Json = { json?: boolean }
type TimeRange = { since?: string; until?: string }
type ListFlags = TimeRange & { actor?: string; action?: string; target?: string; limit?: number }

const withTimeRange = (command: Command): Command =>
  command
    .option('--since <TIME>', 'first time: 2026-01-31T12:00:00Z, or a day in UTC')
    .option('--until <TIME>', 'time before which the events end')

type ListQuery = Omit<NonNullable<Parameters<typeof listAudit>[1]>, 'limit'> & { limit?: number }

/** Reads further pages until the limit is reached: a page can end early. */
const listAll = async (call: AdminCall, { limit = DEFAULT_PAGE, ...query }: ListQuery) => {
  const first = await listAudit(call, { ...query, limit })
  const items = first.items
  let cursor = first.next_cursor
  while (cursor !== null && items.length < limit) {
    const page = await listAudit(call, { ...query, limit: limit - items.length, cursor })
    items.push(...page.items)
    cursor = page.next_cursor
  }
  return items
}

export const audit = (program: Command): void => {
  const noun = program.command('audit').description('events: changes, and refusals')

  withTimeRange(
    command(
      noun,
      'list',
      'list events, newest first',
      'audit list --outcome refused --since 2026-01-31 --limit 20',
    ),
  )
    .option(
      '--actor <ACTOR>',
      'only events of client:ID, cli:USER, enrollment:ID, server or unknown',
    )
    .option('--action <ACTION>', 'only events of one action, such as client.disable')
    .option('--target <ID>', 'only events about one id')
    .option('--outcome <OUTCOME>', 'only intent, success, refused or failed')
    .option('--limit <N>', 'most events, 1 to 1000 (default: 100)', wholeNumber)
    .action(async ({ json, ...flags }: ListFlags & Json & { outcome?: 'intent' }) =>
      print(await withAdmin((call) => listAll(call, withoutUndefined(flags))), { json }),
    )

  command(
    noun,
    'verify',
    'compare every event with its seal; exit 1 if the table is not intact',
    'audit verify',
  )
    .option('--seal <SEQ:MAC>', 'sealed_to and sealed_mac of an earlier report: require that seal')
    .action(async ({ json, seal }: Json & { seal?: string }) => {
      const { findings, ...report } = await withAdmin((call) =>
        verifyAudit(call, withoutUndefined({ seal })),
      )
      print(json ? { ...report, findings } : report, { json })
      if (report.intact) return
      if (!json) print(findings, {})
      process.stderr.write(`latchkey: the audit table is not intact (found: ${report.found})\n`)
      process.exitCode = 1
    })

  withTimeRange(
    command(
      noun,
      'export',
      'export events, oldest first, one JSON object a line',
      'audit export --since 2026-01-01 --until 2026-02-01 > january.ndjson',
    ),
  ).action(async ({ since, until }: TimeRange) =>
    withAdmin(async (call) =>
      printLines((await exportAudit(call, withoutUndefined({ since, until }))).rows),
    ),
  )
}
