import type { Command } from 'commander'
import { withoutUndefined, command } from './flags.ts'
import { listCommand } from './list.ts'
import { print } from './output.ts'
import { perform } from './session.ts'

type RunFlags = { workspace?: string; json?: boolean }

export const run = (program: Command): void => {
  const noun = program.command('run').description('executions of an agent, and their end')

  command(
    noun,
    'revoke <IDENTIFIER>',
    'close a run for good: revoke its tokens and issue no more',
    'run revoke run-20260131-7f3a --workspace acme',
  )
    .option('--workspace <ID>', 'its tenant (default: default)')
    .action(async (identifier: string, flags: RunFlags) => {
      const body = withoutUndefined({ workspace_id: flags.workspace })
      print(await perform('run.revoke', { identifier, body }), flags)
    })

  command(noun, 'show <IDENTIFIER>', 'show a closed run', 'run show run-20260131-7f3a')
    .option('--workspace <ID>', 'its tenant (default: default, then none)')
    .action(async (identifier: string, flags: RunFlags) => {
      const query = withoutUndefined({ workspace_id: flags.workspace })
      print(await perform('run.show', { identifier, query }), flags)
    })

  listCommand(noun, 'list closed runs', 'run.list', [
    ['--workspace <ID>', 'workspace_id', 'only closed runs of this workspace'],
  ])
}
