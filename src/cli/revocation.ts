import type { Command } from 'commander'
import { listCommand } from './list.ts'

export const revocation = (program: Command): void => {
  const noun = program.command('revocation').description('rules of the revocation list')

  listCommand(noun, 'list rules, oldest first', 'revocation.list', [
    ['--kind <KIND>', 'kind', 'only rules over a jti, run, client, plugin, workspace or key'],
    [
      '--workspace <ID>',
      'workspace_id',
      'only rules over this workspace, its clients and its runs',
    ],
    ['--client <ID>', 'client_id', 'only rules over this client and its tokens'],
  ])
}
