import { type Command, Option } from 'commander'
import {
  createClient,
  deleteClient,
  disableClient,
  enableClient,
  grantClient,
  listClients,
  revokeClientTokens,
  showClient,
} from '../admin/clients.ts'
import type { Admin } from '../admin/operation.ts'
import type { Grant } from '../store/store.ts'
import { collect, given, grant, leaf, quota, wholeNumber } from './flags.ts'
import { print } from './output.ts'
import { withAdmin } from './session.ts'

type CreateFlags = {
  name: string
  workspace?: string
  plugin?: string[]
  createPlugin?: boolean
  grant?: Grant[]
  introspects?: string[]
  auth?: 'client_secret_basic'
  ttl?: number
  quota?: number
  env?: boolean
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

export const client = (program: Command): void => {
  const noun = program.command('client').description('machines that get tokens')
  create(noun)
  setGrants(noun)
  for (const [usage, description, operation] of OPERATIONS) {
    leaf(noun, usage, description, `client ${usage.replace('<ID>', EXAMPLE_ID)}`).action(
      async (id: string, flags: { json?: boolean }) =>
        print(await withAdmin((admin) => operation(admin, id)), flags),
    )
  }
  leaf(noun, 'list', 'all clients', 'client list').action(async (flags: { json?: boolean }) =>
    print(await withAdmin(listClients), flags),
  )
}

const EXAMPLE_ID = 'lkc_7hQm0c8wJ9f2S4tXb1YzKg'

type ClientOperation = (admin: Admin, id: string) => Promise<unknown>

const OPERATIONS: readonly (readonly [usage: string, description: string, ClientOperation])[] = [
  ['show <ID>', 'one client and what it is granted', showClient],
  ['disable <ID>', 'refuse it and kill its tokens', disableClient],
  ['enable <ID>', 'let it log in again; the old tokens stay dead', enableClient],
  ['delete <ID>', 'remove it for good and kill its tokens', deleteClient],
  ['revoke-tokens <ID>', 'kill every token that it was issued so far', revokeClientTokens],
]

const create = (noun: Command): void => {
  leaf(
    noun,
    'create',
    'make a client; its secret is shown this once',
    "client create --name daemon --plugin slack-sync --create-plugin --grant 'hook=hook:govern hook:track'",
  )
    .requiredOption('--name <NAME>', 'what people call it')
    .option('--workspace <ID>', 'its tenant (default: default)')
    .option('--plugin <ID>', 'a plugin that it may act for; repeat it for each', collect)
    .option(
      '--create-plugin',
      'make those plugins that do not exist, with the trust tier restricted',
    )
    .option(
      '--grant <AUDIENCE=PERM…>',
      'what it may ask for there; repeat it for each audience',
      grant,
    )
    .option('--introspects <AUDIENCE>', 'an audience whose tokens it may introspect', collect)
    .option('--auth <METHOD>', 'client_secret_basic (client_secret_post works as well)')
    .option('--ttl <SECONDS>', 'lifetime of its tokens, 60 to 86400', wholeNumber)
    .option('--quota <N/min>', 'token requests a minute', quota)
    .addOption(
      new Option('--env', 'print CLIENT_ID=… and CLIENT_SECRET=… for a shell').conflicts('json'),
    )
    .action(async (flags: CreateFlags) => {
      const created = await withAdmin((admin) => createClient(admin, newClient(flags)))
      if (!flags.env) return print(created, flags)
      process.stdout.write(
        `CLIENT_ID=${created.client_id}\nCLIENT_SECRET=${created.client_secret}\n`,
      )
    })
}

const newClient = (flags: CreateFlags) => ({
  name: flags.name,
  ...given({
    workspace_id: flags.workspace,
    plugins: flags.plugin,
    create_plugins: flags.createPlugin,
    grants: flags.grant,
    introspects: flags.introspects,
    auth_method: flags.auth,
    token_ttl: flags.ttl,
    quota_per_minute: flags.quota,
  }),
})

const setGrants = (noun: Command): void => {
  leaf(
    noun,
    'grant <ID>',
    'set what it may ask for; audiences that are not named stay as they are',
    `client grant ${EXAMPLE_ID} --grant 'hook=hook:track'`,
  )
    .option(
      '--grant <AUDIENCE=PERM…>',
      "all that it may ask for there; 'AUDIENCE=' takes the audience away",
      grant,
    )
    .option('--plugin <ID>', 'let it act for this plugin, too', collect)
    .option('--remove-plugin <ID>', 'no longer let it act for this plugin', collect)
    .option('--introspects <AUDIENCE>', 'let it introspect these tokens, too', collect)
    .option('--remove-introspects <AUDIENCE>', 'no longer let it introspect these tokens', collect)
    .action(async (id: string, flags: GrantFlags) => {
      const input = given({
        grants: flags.grant,
        plugins: flags.plugin,
        remove_plugins: flags.removePlugin,
        introspects: flags.introspects,
        remove_introspects: flags.removeIntrospects,
      })
      print(await withAdmin((admin) => grantClient(admin, id, input)), flags)
    })
}
