import type { Command } from 'commander'
import { listRuns, revokeRun } from '../admin/runs.ts'
import { withoutUndefined, command } from './flags.ts'
import { listCommand } from './list.ts'
import { print } from './output.ts'
import { withAdmin } from './session.ts'

type RevokeFlags = { workspace?: string; json?: boolean }

export const run = (program: Command): void => {
  const noun = program.command('run').description('executions of an agent, and their end')

  command(
    noun,
    'revoke <IDENTIFIER>',
    'close a run for good: revoke its tokens and issue no more',
    'run revoke run-20260131-7f3a --workspace acme',
  )
    .option('--workspace <ID>', 'its tenant (default: default)')
    .action(async (identifier: string, flags: RevokeFlags) => {
      const input = { identifier, ...withoutUndefined({ workspace_id: flags.workspace }) }
      print(await withAdmin((call) => revokeRun(call, input)), flags)
    })

  listCommand(noun, 'list closed runs', listRuns, [
    ['--workspace <ID>', 'workspace_id', 'only closed runs of this workspace'],
  ])
}
