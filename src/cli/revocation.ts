import type { Command } from 'commander'
import { command } from './flags.ts'
import { listCommand } from './list.ts'
import { print } from './output.ts'
import { type Rule, withSubject } from './rules.ts'
import { perform } from './session.ts'

export const revocation = (program: Command): void => {
  const noun = program.command('revocation').description('rules of the revocation list')

  listCommand(
    noun,
    'list rules, oldest first',
    'revocation.list',
    [
      ['--kind <KIND>', 'kind', 'only rules over a jti, run, client, plugin, workspace or key'],
      [
        '--workspace <ID>',
        'workspace_id',
        'only rules over this workspace, its clients and its runs',
      ],
      ['--client <ID>', 'client_id', 'only rules over this client and its tokens'],
    ],
    { rowOf: (item) => withSubject(item as Rule) },
  )

  command(
    noun,
    'show <SEQ>',
    'show a rule: what it revokes, who made it and when',
    'revocation show 1241',
  ).action(async (seq: string, flags: { json?: boolean }) => {
    const rule = await perform('revocation.show', { seq })
    print(flags.json ? rule : withSubject(rule), flags)
  })
}
