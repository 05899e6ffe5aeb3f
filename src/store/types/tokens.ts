// Reads of a token request.
import type { Audience } from './audiences.ts'
import type { ClientStatus } from './clients.ts'
import type { Plugin } from './plugins.ts'
import type { AuthorizationDetail } from './resources.ts'
import type { WorkspaceStatus } from './workspaces.ts'

/** A secret that a client can log in with: its id and its hash. */
export type Login = { id: string; hash: string; clientId: string; expiresAt: number | null }

/** The state of a client whose secret or registration access token was refused, for the log. */
export type RefusedClient = {
  status: ClientStatus
  /** Null for a client outside every workspace. */
  workspaceStatus: WorkspaceStatus | null
  /** The end of the presented secret, if it is one of the client's; null for any other. */
  secret: { expiresAt: number | null; revokedAt: number | null } | null
  /** True if the presented text is the client's registration access token. */
  hasRegistrationToken: boolean
}

/**
 * A client with all that its tokens are made from. One statement reads it, so that the grants and the generations are
 * of the same moment.
 */
export type GrantedClient = {
  id: string
  status: ClientStatus
  tokenTtl: number | null
  quotaPerMinute: number | null
  generation: number
  workspace: { id: string; status: WorkspaceStatus; generation: number } | null
  /** Reference of the workspace; the server's own reference for a client outside every workspace. */
  workspaceRef: string
  /** Disabled and deleted ones, too: a request must not fall back to a token without its plugin. */
  plugins: Pick<Plugin, 'id' | 'status' | 'trust' | 'capabilities' | 'snapshot' | 'generation'>[]
  grants: {
    audience: Pick<Audience, 'id' | 'requiresPlugin' | 'tokenTtl' | 'algorithm' | 'permissions'>
    permissions: string[]
  }[]
  introspects: string[]
  details: AuthorizationDetail[]
  /** True: the ledger records all its tokens. False: only tokens that name a run. */
  ledger: boolean
  /** The client whose quota counts the token requests of this one, too. */
  limitedBy: { id: string; quotaPerMinute: number | null } | null
}

export interface TokenStore {
  /**
   * The secret of this hash, if this client may log in with it now. Searches by the hash alone, so that a wrong
   * secret costs the same for every client id, unknown ones included.
   */
  findLogin(clientId: string, hash: string, now: number): Promise<Login | null>
  /**
   * Reads the state of a client whose credential was refused; null for an unknown client. Runs the same statement and
   * reads one row of a client for every id, known or unknown.
   * @param hash of the presented secret or registration access token
   */
  explainRefusal(clientId: string, hash: string): Promise<RefusedClient | null>
  findGrantedClient(clientId: string): Promise<GrantedClient | null>
}
