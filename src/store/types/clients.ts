// Clients, with all that an administrator grants them.
import type { Cause } from './audit.ts'
import type { Part } from './lists.ts'
import type { AuthorizationDetail } from './resources.ts'
import type { NewSecret } from './secrets.ts'

export type ClientStatus = 'active' | 'disabled' | 'deleted'

/** The permissions that a client may ask for at one audience. */
export type Grant = { audience: string; permissions: string[] }

/** The authentication method that a client has registered. The server accepts both from every client. */
export type AuthMethod = 'client_secret_basic' | 'client_secret_post'

export type Client = {
  id: string
  name: string
  /** Null: an administrator outside every workspace. */
  workspaceId: string | null
  status: ClientStatus
  authMethod: AuthMethod
  /** Lifetime of its tokens in seconds; null: the lifetime of the audience. */
  tokenTtl: number | null
  quotaPerMinute: number | null
  plugins: string[]
  grants: Grant[]
  introspects: string[]
  /** The authorization details that it may ask for. */
  details: AuthorizationDetail[]
  /** Client metadata (RFC 7591 §2). */
  softwareId: string | null
  redirectUris: string[]
  /** Seconds without a login after which the server removes it; null: it stays. */
  unusedAfter: number | null
  /** True: the ledger records all its tokens. False: only tokens that name a run. */
  ledger: boolean
  generation: number
  etag: string
  createdAt: number
}

export type NewClient = Pick<
  Client,
  | 'id'
  | 'name'
  | 'workspaceId'
  | 'tokenTtl'
  | 'quotaPerMinute'
  | 'plugins'
  | 'grants'
  | 'introspects'
  | 'details'
> & {
  secret: NewSecret
  authMethod?: AuthMethod
  /** Hash of the registration access token (RFC 7592) of a client that enrolled itself. */
  registrationHash?: string
  softwareId?: string | null
  redirectUris?: string[]
  unusedAfter?: number | null
  /** Default: false. */
  ledger?: boolean
  /** The client whose quota counts the token requests of this one, too. */
  limitedBy?: string | null
  /** Creates the members of `plugins` that do not exist yet, with the trust tier `restricted`. */
  createPlugins: boolean
}

export type ClientChange = Partial<
  Pick<
    Client,
    | 'name'
    | 'tokenTtl'
    | 'quotaPerMinute'
    | 'plugins'
    | 'grants'
    | 'introspects'
    | 'details'
    | 'ledger'
  >
> & {
  status?: 'active' | 'disabled'
  authMethod?: AuthMethod
  registrationHash?: string
  softwareId?: string | null
  redirectUris?: string[]
  /** A change can remove it, and cannot set it. */
  limitedBy?: null
}

/** Filters of the list; a client fits when it fits each of them. */
export type ClientFilter = {
  workspaceId?: string | undefined
  status?: ClientStatus | undefined
  name?: string | undefined
  pluginId?: string | undefined
  audience?: string | undefined
}

export interface ClientStore {
  /** Lists all clients except deleted ones. */
  listClients(filter?: ClientFilter, part?: Part): Promise<Client[]>
  findClient(id: string): Promise<Client | null>
  /** Finds a deleted client, for a refusal that names it. */
  findDeletedClient(id: string): Promise<Pick<Client, 'id' | 'workspaceId'> | null>
  createClient(client: NewClient, now: number): Promise<void>
  /**
   * A change that takes something away raises the generation and writes the rule in the same step.
   * @throws Conflict where the client has changed since `before`
   */
  updateClient(before: Client, change: ClientChange, now: number, cause?: Cause): Promise<void>
  /**
   * Leaves a tombstone, so that the id is not used again.
   * @throws Conflict where the client has changed since `before`
   */
  deleteClient(before: Client, now: number, cause?: Cause): Promise<void>
  /**
   * Raises the generation and writes the rule.
   * @throws Conflict where there is no such client
   */
  revokeClientTokens(id: string, now: number, cause?: Cause): Promise<void>
  /**
   * The stored hash of a registration access token, if it belongs to this client and the client may log in. Searches
   * by the hash alone, like `findLogin`.
   */
  findRegistrationHash(clientId: string, hash: string): Promise<string | null>
  /** Lists clients whose time without a login is over, at most MAX_UNUSED_AT_A_TIME. */
  listUnusedClients(now: number): Promise<Client[]>
}
