// Commands that run a server: `serve` and `demo`.
import type { Command } from 'commander'
import { SETTINGS } from '../config.ts'
import { type Environment, chosenSettings } from '../settings/environment.ts'
import { quoted } from '../text/shell.ts'
import { escapeLines } from '../text/text.ts'

/** Shell lines for the settings that another terminal needs, without secrets. */
const exports = (environment: Environment): string => {
  const chosen = chosenSettings(environment, SETTINGS)
  return ['ISSUER', 'PORT', 'DATABASE_URL', 'KEYS_DIR', 'KEK_FILE', 'ALGORITHMS']
    .map((name) => `LATCHKEY_${name}`)
    .filter((name) => name in chosen)
    .map((name) => `  export ${name}=${quoted(String(chosen[name]))}\n`)
    .join('')
}

const nextSteps = (issuer: string): string => `
Latchkey answers at ${issuer}. In another terminal, create a client, request a token, revoke it:

${exports(process.env)}  eval "$(npx latchkey client create --name my-daemon --plugin my-plugin --create-plugin \\
    --grant 'hook=hook:track' --env)"
  TOKEN=$(printf 'user = "%s:%s"' "$CLIENT_ID" "$CLIENT_SECRET" |
    curl -s -K - -d grant_type=client_credentials ${issuer}/oauth/token |
    sed -E 's/.*"access_token":"([^"]+)".*/\\1/')
  echo "$TOKEN" | npx latchkey token revoke -
  echo "$TOKEN" | npx latchkey token inspect -

`

export const server = (program: Command): void => {
  program
    .command('serve')
    .description('run the server until a signal stops it; configured by LATCHKEY_… variables')
    .option('--next-steps', 'print the next steps')
    .addHelpText('after', '\nExample:\n  $ LATCHKEY_ISSUER=https://auth.example latchkey serve')
    .action(async (flags: { nextSteps?: boolean }) => {
      const { serve } = await import('../node/processes.ts') // other commands load no server
      await serve(
        process.env,
        ({ issuer }) => flags.nextSteps && process.stdout.write(escapeLines(nextSteps(issuer))),
      )
    })

  program
    .command('demo')
    .description('show all features in a few seconds, on a temporary database')
    .addHelpText('after', '\nExample:\n  $ latchkey demo')
    .action(async () => (await import('./demo/demo.ts')).demo())
}
