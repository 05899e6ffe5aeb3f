// Commands that run a server: `serve` and `demo`.
import type { Command } from 'commander'
import { escapeLines } from '../text/text.ts'

export const server = (program: Command): void => {
  program
    .command('serve')
    .description('run the server until a signal stops it; configured by LATCHKEY_… variables')
    .option('--next-steps', 'print the next steps')
    .addHelpText('after', '\nExample:\n  $ LATCHKEY_ISSUER=https://auth.example latchkey serve')
    .action(async (flags: { nextSteps?: boolean }) => {
      const { serve } = await import('../node/processes.ts') // other commands load no server
      const steps = flags.nextSteps ? (await import('./next-steps.ts')).nextSteps : null
      await serve(
        process.env,
        ({ issuer }) => steps !== null && process.stdout.write(escapeLines(steps(issuer))),
      )
    })

  program
    .command('demo')
    .description('show all features in a few seconds, on a temporary database')
    .addHelpText('after', '\nExample:\n  $ latchkey demo')
    .action(async () => (await import('./demo/demo.ts')).demo())
}
