import type { Command } from 'commander'
import { escapeText } from '../text/text.ts'
import { withoutUndefined, command, singleCommands } from './flags.ts'
import { type Filter, listCommand } from './list.ts'
import { print, printLines } from './output.ts'
import { perform, withSession } from './session.ts'

type Json = { json?: boolean }
type TimeRange = { since?: string; until?: string }

const TIME_RANGE: readonly Filter[] = [
  ['--since <TIME>', 'since', 'first time: 2026-01-31T12:00:00Z, or a day in UTC'],
  ['--until <TIME>', 'until', 'time before which the events end'],
]

export const audit = (program: Command): void => {
  const noun = program.command('audit').description('events: changes, and refusals')

  listCommand(
    noun,
    'list events, newest first',
    'audit.list',
    [
      ...TIME_RANGE,
      [
        '--actor <ACTOR>',
        'actor',
        'only events of client:ID, cli:USER, enrollment:ID, server or unknown',
      ],
      ['--action <ACTION>', 'action', 'only events of one action, such as client.disable'],
      ['--target <ID>', 'target', 'only events about one id'],
      ['--outcome <OUTCOME>', 'outcome', 'only intent, success, refused or failed'],
    ],
    { isLog: true, example: 'audit list --outcome refused --since 2026-01-31 --limit 20' },
  )

  singleCommands(noun, { parameter: 'seq', id: '1241' }, [
    ['show <SEQ>', 'show an event', 'audit.show'],
  ])

  command(
    noun,
    'verify',
    'compare every event with its seal; exit 1 if the table is not intact',
    'audit verify',
  )
    .option('--seal <SEQ:MAC>', 'sealed_to and sealed_mac of an earlier report: require that seal')
    .action(async ({ json, seal }: Json & { seal?: string }) => {
      const query = withoutUndefined({ seal })
      const { findings, ...report } = await perform('audit.verify', { query })
      print(json ? { ...report, findings } : report, { json })
      if (report.intact) return
      if (!json) print(findings, {})
      const found = escapeText(String(report.found))
      process.stderr.write(`latchkey: the audit table is not intact (found: ${found})\n`)
      process.exitCode = 1
    })

  const exporting = command(
    noun,
    'export',
    'export events, oldest first, one JSON object a line',
    'audit export --since 2026-01-01 --until 2026-02-01 > january.ndjson',
  )
  for (const [flag, , text] of TIME_RANGE) exporting.option(flag, text)
  exporting.action(async ({ since, until }: TimeRange) =>
    withSession(async (performNext) => {
      const query = withoutUndefined({ since, until })
      await printLines((await performNext('audit.export', { query })).rows)
    }),
  )
}
