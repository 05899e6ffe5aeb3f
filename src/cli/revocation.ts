import type { Command } from 'commander'
import { listRevocations } from '../admin/revocations.ts'
import { listCommand } from './flags.ts'

export const revocation = (program: Command): void => {
  const noun = program.command('revocation').description('what takes tokens back')

  listCommand(noun, 'the rules that are kept, oldest first', listRevocations, [
    ['--kind <KIND>', 'kind', 'only jti, run, client, plugin, workspace or key'],
    [
      '--workspace <ID>',
      'workspace_id',
      'only those over this workspace, its clients and its runs',
    ],
    ['--client <ID>', 'client_id', 'only those over this client and its tokens'],
  ])
}
