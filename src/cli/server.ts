// The commands that run a server or prepare one.
import type { Command } from 'commander'
import { createAdministrator } from '../admin/clients.ts'
import { markRestored } from '../admin/restored.ts'
import { SETTINGS, loadConfig } from '../config.ts'
import { type Environment, chosenSettings } from '../settings/environment.ts'
import { command } from './flags.ts'
import { print } from './output.ts'
import { withAdmin } from './session.ts'

/** Settings that the other terminal needs as well. What is secret is not repeated. */
const exports = (environment: Environment): string => {
  const chosen = chosenSettings(environment, SETTINGS)
  return ['ISSUER', 'PORT', 'DATABASE_URL', 'KEYS_DIR', 'KEK_FILE', 'ALGORITHMS']
    .map((name) => `LATCHKEY_${name}`)
    .filter((name) => name in chosen)
    .map((name) => `  export ${name}='${String(chosen[name]).replaceAll("'", `'\\''`)}'\n`)
    .join('')
}

const nextSteps = (issuer: string): string => `
Latchkey answers at ${issuer}. In another terminal, make a client, get a token, look at it:

${exports(process.env)}  eval "$(npx latchkey client create --name my-daemon --plugin my-plugin --create-plugin --grant 'hook=hook:govern hook:track' --env)"
  TOKEN=$(printf 'user = "%s:%s"' "$CLIENT_ID" "$CLIENT_SECRET" | curl -s -K - -d grant_type=client_credentials ${issuer}/oauth/token); echo "$TOKEN"
  echo "$TOKEN" | npx latchkey token inspect -

`

export const server = (program: Command): void => {
  program
    .command('serve')
    .description('run the server until it is told to stop; configured by LATCHKEY_… variables')
    .option('--next-steps', 'say what to do next')
    .addHelpText('after', '\nExample:\n  $ LATCHKEY_ISSUER=https://auth.example latchkey serve')
    .action(async ({ nextSteps: wanted }: { nextSteps?: boolean }) => {
      const { serve } = await import('../node/processes.ts') // only this and the next need a server
      await serve(process.env, ({ issuer }) => wanted && process.stdout.write(nextSteps(issuer)))
    })

  program
    .command('demo')
    .description('the whole story in a few seconds, on a temporary database')
    .addHelpText('after', '\nExample:\n  $ latchkey demo')
    .action(async () => (await import('./demo/demo.ts')).demo())

  command(program, 'migrate', 'bring the database up to date, or make it', 'migrate').action(
    async (flags: { json?: boolean }) => {
      await withAdmin(async () => {}, { create: true })
      print({ database: loadConfig(process.env).databasePath, state: 'up to date' }, flags)
    },
  )

  command(
    program,
    'restored',
    'say that this database is a restored backup: every key in it is revoked, all tokens are dead',
    'restored',
  ).action(async (flags: { json?: boolean }) => print(await withAdmin(markRestored), flags))

  const admin = program.command('admin').description('administrators')
  command(
    admin,
    'create',
    'make an administrator who is bound to no workspace; the secret is shown this once',
    'admin create --name alice --json',
  )
    .option('--name <NAME>', 'what people call them', 'Administrator')
    .action(async (flags: { name: string; json?: boolean }) =>
      print(await withAdmin((a) => createAdministrator(a, flags.name), { create: true }), flags),
    )
}
