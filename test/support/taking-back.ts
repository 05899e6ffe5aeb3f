// Every command that revokes or removes something, except keys. Each case has its own records to revoke.
import { openRecords } from './database.ts'
import { createCaller } from './http.ts'
import { startJudges } from './judges.ts'
import { latchkeyJson, seededPlace, startServer } from './processes.ts'
import type { ClientCredentials } from './records.ts'

/** A client and its token. Workspace, plugin, resource and run have the name `id`. */
export type Made = { id: string; client: ClientCredentials; token: string }

export type Case = {
  take: (made: Made) => Promise<unknown>
  /** Undoes `take`, so that the server issues a new token again. */
  giveBack?: (made: Made) => Promise<unknown>
  /** Set where the client is gone for good: the server issues it no token again. */
  final?: true
}

export const NAMES = [
  'client disable',
  'client revoke-tokens',
  'client delete',
  'client grant, narrower',
  'client grant, without the plugin',
  'client details, an entry less',
  'client details, an entry narrower',
  'resource put, a part less',
  'resource delete',
  'plugin revoke-tokens',
  'plugin update, less trust',
  'plugin update, a capability less',
  'workspace suspend',
  'run revoke',
  'token revoke',
] as const
export type Name = (typeof NAMES)[number]

const playlist = (id: string) => ({
  type: 'playlist',
  identifier: id,
  actions: '*',
  parts: ['a', 'b'],
})
const RUN = { type: 'tool_run', identifier: '*', project_id: 'p', locations: '*', actions: '*' }

const asking = (...details: Record<string, string>[]) => ({
  authorization_details: JSON.stringify(details),
})
export const ofRun = (identifier: string) => asking({ type: 'tool_run', identifier })

type Command = (...args: string[]) => Promise<unknown>
type CommandWith = (stdin: string, ...args: string[]) => Promise<unknown>

const casesOf = (command: Command, commandWith: CommandWith): Record<Name, Case> => ({
  'client disable': {
    take: ({ client }) => command('client', 'disable', client.id),
    giveBack: ({ client }) => command('client', 'enable', client.id),
  },
  'client revoke-tokens': {
    take: ({ client }) => command('client', 'revoke-tokens', client.id),
  },
  'client delete': {
    take: ({ client }) => command('client', 'delete', client.id),
    final: true,
  },
  'client grant, narrower': {
    take: ({ client }) => command('client', 'grant', client.id, '--grant', 'docs=read'),
  },
  'client grant, without the plugin': {
    take: ({ client, id }) => command('client', 'grant', client.id, '--remove-plugin', id),
  },
  'client details, an entry less': {
    take: ({ client }) => commandWith(JSON.stringify([RUN]), 'client', 'details', client.id, '-'),
  },
  'client details, an entry narrower': {
    take: ({ client, id }) => {
      const details = [{ ...playlist(id), parts: ['a'] }, RUN]
      return commandWith(JSON.stringify(details), 'client', 'details', client.id, '-')
    },
  },
  'resource put, a part less': {
    take: ({ id }) => command('resource', 'put', 'playlist', id, '--part', 'a'),
  },
  'resource delete': {
    take: ({ id }) => command('resource', 'delete', 'playlist', id),
  },
  'plugin revoke-tokens': {
    take: ({ id }) => command('plugin', 'revoke-tokens', id),
  },
  'plugin update, less trust': {
    take: ({ id }) => command('plugin', 'update', id, '--trust', 'restricted'),
  },
  'plugin update, a capability less': {
    take: ({ id }) => command('plugin', 'update', id, '--capability', 'mail'),
  },
  'workspace suspend': {
    take: ({ id }) => command('workspace', 'suspend', id),
    giveBack: ({ id }) => command('workspace', 'resume', id),
  },
  'run revoke': {
    take: ({ id }) => command('run', 'revoke', id, '--workspace', id),
  },
  'token revoke': {
    take: ({ token }) => commandWith(token, 'token', 'revoke', '-'),
  },
})

export type TakingBack = Awaited<ReturnType<typeof startTakingBack>>

/** Starts a server with its records and its judges. */
export const startTakingBack = async () => {
  const place = await seededPlace()
  await startServer(place)
  const call = createCaller(place.url)
  const records = openRecords(place)
  await records.audience('docs', ['read', 'write>read'])
  const inspector = await records.client({ introspects: ['docs'] })
  const judges = await startJudges(place, 'docs', inspector)
  const command: Command = (...args) => latchkeyJson(place, args)
  const commandWith: CommandWith = (stdin, ...args) => latchkeyJson(place, args, stdin)
  let made = 0
  let runs = 0

  return {
    place,
    call,
    records,
    judges,
    command,
    cases: casesOf(command, commandWith),
    /** Issues a token for a new run, which no command has closed. */
    issueAgain: ({ client }: Made) => call.issue(client, ofRun(`run-${++runs}`)),
    requestAgain: ({ client }: Made) => call.requestToken(client, ofRun(`run-${++runs}`)),
    /** Makes a client with a token for its own plugin, resource and run. Both judges have accepted the token. */
    async make(): Promise<Made> {
      const id = `made-${++made}`
      await records.plugin(id, { trust: 'trusted', capabilities: ['mail', 'chat'] })
      await records.workspace(id)
      await records.resource('playlist', id, id, ['a', 'b'])
      const client = await records.client({
        workspaceId: id,
        plugins: [id],
        details: [playlist(id), RUN],
        grants: { docs: ['read', 'write'] },
      })
      const asked = asking({ type: 'playlist' }, { type: 'tool_run', identifier: id })
      const token = await call.issue(client, asked)
      await judges.accept(token)
      return { id, client, token }
    },
  }
}
