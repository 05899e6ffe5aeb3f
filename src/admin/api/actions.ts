// Endpoints by their action, for the command line. Each noun is loaded alone, which keeps the start of a command short.
import type { Endpoint } from './endpoint.ts'
import type { Definition } from './table.ts'

type Definitions = { [D in Definition as D['action']]: D }

/** Name of an endpoint, such as `client.disable`. */
export type Action = keyof Definitions

/** Path of an action below BASE, with its parameters in braces. */
export type PathOf<A extends Action> = Definitions[A]['path']

type Sent<A extends Action> = Parameters<Definitions[A]['handle']>[1]

/** No member for an endpoint without a query or a body; an optional one if each of its members is optional. */
type Part<Name extends 'query' | 'body', T> =
  T extends Record<string, never>
    ? unknown
    : object extends T
      ? { [K in Name]?: T }
      : { [K in Name]: T }

/** Input of an action: the parameters of its path, its query and its body. */
export type InputOf<A extends Action> = Omit<Sent<A>, 'query' | 'body'> &
  Part<'query', Sent<A>['query']> &
  Part<'body', Sent<A>['body']>

export type AnswerOf<A extends Action> = Awaited<ReturnType<Definitions[A]['handle']>>

/** Performs an action: the same operation with the same input and answer, in this process or over HTTP. */
export type Perform = <A extends Action>(
  action: A,
  input: InputOf<A>,
  /** `ifMatch`: the etag of the state that the caller has read. @throws Conflict for another state */
  options?: { ifMatch?: string },
) => Promise<AnswerOf<A>>

type NounOf<Name> = Name extends `${infer Noun}.${string}` ? Noun : never

const FILES: Readonly<Record<NounOf<Action>, () => Promise<readonly Endpoint[]>>> = {
  workspace: async () => (await import('./workspaces.ts')).workspaces,
  audience: async () => (await import('./audiences.ts')).audiences,
  plugin: async () => (await import('./plugins.ts')).plugins,
  resource: async () => (await import('./resources.ts')).resources,
  client: async () => [
    ...(await import('./clients.ts')).clients,
    ...(await import('./details.ts')).details,
  ],
  secret: async () => (await import('./secrets.ts')).secrets,
  enrollment: async () => (await import('./enrollments.ts')).enrollments,
  run: async () => (await import('./runs.ts')).runs,
  token: async () => [
    ...(await import('./tokens.ts')).tokens,
    ...(await import('./revocations.ts')).revocations,
  ],
  revocation: async () => (await import('./revocations.ts')).revocations,
  key: async () => (await import('./keys.ts')).keys,
  change: async () => (await import('./dry-runs.ts')).dryRuns,
  status: async () => (await import('./status.ts')).status,
  audit: async () => (await import('./audit.ts')).audit,
}

export const endpointOf = async (action: Action): Promise<Endpoint> => {
  const noun = action.slice(0, action.indexOf('.')) as NounOf<Action>
  const found = (await FILES[noun]()).find((one) => one.action === action)
  if (found === undefined) throw new TypeError(`no endpoint has the action ${action}`)
  return found
}
