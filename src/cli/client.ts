import type { Command } from 'commander'
import type { Grant } from '../store/store.ts'
import {
  TOKEN_TTL_HELP,
  collect,
  withoutUndefined,
  grant,
  command,
  envFlag,
  quota,
  readJsonFile,
  singleCommands,
  wholeNumber,
} from './flags.ts'
import { grantClient } from './grants.ts'
import { listCommand } from './list.ts'
import { print, printCredentials } from './output.ts'
import { perform, withSession } from './session.ts'

type CreateFlags = {
  name: string
  workspace?: string
  plugin?: string[]
  createPlugin?: boolean
  grant?: Grant[]
  introspects?: string[]
  details?: string
  auth?: 'client_secret_basic'
  ttl?: number
  quota?: number
  ledger?: boolean
  env?: boolean
  json?: boolean
}

type UpdateFlags = {
  name?: string
  ttl?: number | false
  quota?: number | false
  ledger?: boolean
  json?: boolean
}

type GrantFlags = {
  grant?: Grant[]
  plugin?: string[]
  removePlugin?: string[]
  introspects?: string[]
  removeIntrospects?: string[]
  json?: boolean
}

const EXAMPLE_ID = 'lkc_7hQm0c8wJ9f2S4tXb1YzKg'

export const client = (program: Command): void => {
  const noun = program.command('client').description('machines that request tokens')
  create(noun)
  update(noun)
  setGrants(noun)
  setDetailsFrom(noun)
  singleCommands(noun, { parameter: 'client_id', id: EXAMPLE_ID }, [
    ['show <ID>', 'show a client and its grants', 'client.show'],
    ['disable <ID>', 'disable a client and revoke its tokens', 'client.disable'],
    ['enable <ID>', 'enable a client; tokens from before stay revoked', 'client.enable'],
    ['delete <ID>', 'delete a client and revoke its tokens and secrets', 'client.delete'],
    ['revoke-tokens <ID>', 'revoke all tokens that it was issued so far', 'client.revoke_tokens'],
  ])
  listCommand(noun, 'list clients', 'client.list', [
    ['--workspace <ID>', 'workspace_id', 'only clients of this workspace'],
    ['--status <STATUS>', 'status', 'only active, or only disabled clients'],
    ['--name <NAME>', 'name', 'only clients with exactly this name'],
    ['--plugin <ID>', 'plugin_id', 'only clients that may act for this plugin'],
    ['--audience <ID>', 'audience', 'only clients with a grant for this audience'],
  ])
}

const create = (noun: Command): void => {
  command(
    noun,
    'create',
    'create a client; no later output contains its secret',
    "client create --name daemon --plugin slack-sync --create-plugin --grant 'hook=hook:govern hook:track'",
  )
    .requiredOption('--name <NAME>', 'display name')
    .option('--workspace <ID>', 'its tenant (default: default)')
    .option('--plugin <ID>', 'a plugin that it may act for; repeatable', collect)
    .option(
      '--create-plugin',
      'create the plugins that do not exist, with the trust tier restricted',
    )
    .option(
      '--grant <AUDIENCE=PERM…>',
      'permissions that it may request at an audience; repeatable',
      grant,
    )
    .option('--introspects <AUDIENCE>', 'an audience whose tokens it may introspect', collect)
    .option('--details <FILE>', 'authorization details that it may request, a JSON array')
    .option('--auth <METHOD>', 'client_secret_basic (client_secret_post works, too)')
    .option('--ttl <SECONDS>', TOKEN_TTL_HELP, wholeNumber)
    .option('--quota <N/min>', 'token requests a minute', quota)
    .option('--ledger', 'keep all its tokens in the ledger, not only tokens of a run')
    .addOption(envFlag())
    .action(async (flags: CreateFlags) => {
      const details = flags.details === undefined ? undefined : await readDetails(flags.details)
      const body = { ...newClient(flags), ...withoutUndefined({ authorization_details: details }) }
      const created = await perform('client.create', { body })
      if (flags.env) printCredentials(created)
      else print(created, flags)
    })
}

const newClient = (flags: CreateFlags) => ({
  name: flags.name,
  ...withoutUndefined({
    workspace_id: flags.workspace,
    plugins: flags.plugin,
    create_plugins: flags.createPlugin,
    grants: flags.grant,
    introspects: flags.introspects,
    auth_method: flags.auth,
    token_ttl: flags.ttl,
    quota_per_minute: flags.quota,
    ledger: flags.ledger,
  }),
})

const update = (noun: Command): void => {
  command(
    noun,
    'update <ID>',
    'change a client',
    `client update ${EXAMPLE_ID} --name 'Nightly sync' --ttl 300`,
  )
    .option('--name <NAME>', 'display name')
    .option('--ttl <SECONDS>', TOKEN_TTL_HELP, wholeNumber)
    .option('--no-ttl', 'use the lifetime of the audience')
    .option('--quota <N/min>', 'token requests a minute', quota)
    .option('--no-quota', 'remove the quota of token requests')
    .option('--ledger', 'keep all its tokens in the ledger')
    .option('--no-ledger', 'keep only its tokens of a run in the ledger')
    .action(async (id: string, flags: UpdateFlags) => {
      const body = withoutUndefined({
        name: flags.name,
        token_ttl: flags.ttl === false ? null : flags.ttl,
        quota_per_minute: flags.quota === false ? null : flags.quota,
        ledger: flags.ledger,
      })
      print(await perform('client.update', { client_id: id, body }), flags)
    })
}

/** Reads details from a file. The type is asserted here; the operation checks the value. */
const readDetails = async (path: string) => (await readJsonFile(path)) as { type: string }[]

const setDetailsFrom = (noun: Command): void => {
  command(
    noun,
    'details <ID> <FILE>',
    'replace its authorization details by those of a JSON file',
    `client details ${EXAMPLE_ID} details.json`,
  ).action(async (id: string, file: string, flags: { json?: boolean }) => {
    const body = { authorization_details: await readDetails(file) }
    print(await perform('client.details', { client_id: id, body }), flags)
  })
}

const setGrants = (noun: Command): void => {
  command(
    noun,
    'grant <ID>',
    'change what a client may request; audiences that are not named stay as they are',
    `client grant ${EXAMPLE_ID} --grant 'hook=hook:track'`,
  )
    .option(
      '--grant <AUDIENCE=PERM…>',
      "all permissions that it may request at an audience; 'AUDIENCE=' removes the audience",
      grant,
    )
    .option('--plugin <ID>', 'add a plugin that it may act for; repeatable', collect)
    .option('--remove-plugin <ID>', 'remove a plugin that it may act for; repeatable', collect)
    .option(
      '--introspects <AUDIENCE>',
      'add an audience whose tokens it may introspect; repeatable',
      collect,
    )
    .option(
      '--remove-introspects <AUDIENCE>',
      'remove an audience whose tokens it may introspect; repeatable',
      collect,
    )
    .action(async (id: string, flags: GrantFlags) => {
      const change = withoutUndefined({
        grants: flags.grant,
        plugins: flags.plugin,
        remove_plugins: flags.removePlugin,
        introspects: flags.introspects,
        remove_introspects: flags.removeIntrospects,
      })
      print(await withSession((session) => grantClient(session, id, change)), flags)
    })
}
