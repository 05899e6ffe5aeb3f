// The seam. Each verb is atomic on every driver, returns rows of our own types and throws our own errors
// (`Conflict`, `Unavailable`, `OperationRefused`). There is no transaction() here: D1 has none.
import type { Algorithm } from '../signing/algorithms.ts'

export type WorkspaceStatus = 'active' | 'suspended'
export type ClientStatus = 'active' | 'disabled' | 'deleted'
export type TrustTier = 'bundled' | 'trusted' | 'restricted'
export type KeyState = 'next' | 'active' | 'retiring' | 'revoked'

export type Workspace = {
  id: string
  name: string
  status: WorkspaceStatus
  generation: number
  /** Random, in every token of the workspace: public rules are made of it. It never changes. */
  ref: string
  etag: string
  createdAt: number
}

/** One scope value and those that it implies directly. */
export type Permission = { name: string; implies: string[] }

export type Audience = {
  id: string
  requiresPlugin: boolean
  /** Seconds; null: the server's default. */
  tokenTtl: number | null
  algorithm: Algorithm
  permissions: Permission[]
  etag: string
  createdAt: number
}

export type Plugin = {
  id: string
  name: string
  trust: TrustTier
  capabilities: string[]
  snapshot: string | null
  generation: number
  etag: string
  createdAt: number
}

/** What a client may ask for at one audience. */
export type Grant = { audience: string; permissions: string[] }

export type DetailScalar = string | number | boolean
export type DetailValue = DetailScalar | readonly DetailScalar[]
/** An authorization detail (RFC 9396). `"*"` as a whole value stands for any, an empty list for none. */
export type AuthorizationDetail = { readonly type: string; readonly [member: string]: DetailValue }

/** Which of the two a client says it uses; it may use the other as well. */
export type AuthMethod = 'client_secret_basic' | 'client_secret_post'

export type Client = {
  id: string
  name: string
  workspaceId: string | null
  status: ClientStatus
  authMethod: AuthMethod
  tokenTtl: number | null
  quotaPerMinute: number | null
  plugins: string[]
  grants: Grant[]
  introspects: string[]
  /** The authorization details that it may ask for. */
  details: AuthorizationDetail[]
  /** RFC 7591 §2. */
  softwareId: string | null
  redirectUris: string[]
  /** Seconds without a login after which it is removed; null: it stays. */
  unusedAfter: number | null
  /** Whether all its tokens are kept in the ledger, not only those of a run. */
  ledger: boolean
  generation: number
  etag: string
  createdAt: number
}

export type ClientSecret = {
  id: string
  clientId: string
  name: string | null
  hint: string
  createdAt: number
  expiresAt: number | null
  revokedAt: number | null
  /**
   * To the minute; null: never, or not for as long as this has been kept. Of a client with `unusedAfter` also
   * when it was enabled, or its workspace resumed.
   */
  lastUsedAt: number | null
}

/** A secret to log in with: its id and its hash. */
export type Login = { id: string; hash: string }

/** All that a token is made from, read in one statement: what is granted and its generations belong together. */
export type GrantedClient = {
  id: string
  status: ClientStatus
  tokenTtl: number | null
  quotaPerMinute: number | null
  generation: number
  workspace: { id: string; status: WorkspaceStatus; generation: number } | null
  /** The reference of the workspace; clients without a workspace have the server's. */
  workspaceRef: string
  plugins: Pick<Plugin, 'id' | 'trust' | 'capabilities' | 'snapshot' | 'generation'>[]
  grants: {
    audience: Pick<Audience, 'id' | 'requiresPlugin' | 'tokenTtl' | 'algorithm' | 'permissions'>
    permissions: string[]
  }[]
  introspects: string[]
  details: AuthorizationDetail[]
  /** Whether all its tokens are kept in the ledger, not only those of a run. */
  ledger: boolean
  /** The client whose quota counts its token requests, too. */
  limitedBy: { id: string; quotaPerMinute: number | null } | null
}

/** What authorization details point at: one id for each type, whichever workspace it is in. */
export type Resource = {
  type: string
  id: string
  workspaceId: string
  parts: string[]
  etag: string
  createdAt: number
}

export type ResourceFilter = { type?: string | undefined; workspaceId?: string | undefined }

export type SigningKey = {
  kid: string
  algorithm: Algorithm
  state: KeyState
  publicJwk: Record<string, unknown>
  /** The private JWK under the key-encryption key (compact JWE); null once it signs no more. */
  privateJwe: string | null
  createdAt: number
  activatedAt: number | null
  /** Since when it signs no longer. */
  retiredAt: number | null
  revokedAt: number | null
}

/** A key pair that takes the first free place of its algorithm: active, else next, else it is dropped. */
export type KeyCandidate = Pick<SigningKey, 'kid' | 'algorithm' | 'publicJwk'> & {
  privateJwe: string
}

/** By their kids: the active key that signs no more, and the next one of its algorithm that signs from now on. */
export type Promotion = { from: string; to: string }

export type RevocationKind = 'jti' | 'run' | 'client' | 'plugin' | 'workspace' | 'key'

/** What the rules of section "Revocation" compare: taken from a verified token. */
export type RevocationLookup = {
  kid: string
  jti: string
  /** When it expires, in seconds since the epoch. */
  exp: number
  clientId: string
  clientGen: number
  /** `values`: of the rules over it. A token of no workspace has no id and no values. */
  workspace: { id: string | null; values: readonly string[]; generation: number }
  plugin: { id: string; generation: number } | null
  /** The values of the rules over the runs that it names, and of those runs in the table of closed ones. */
  runs: readonly string[]
}

/** One execution of an agent, known by both. Null: of clients that belong to no workspace. */
export type Run = { workspaceId: string | null; identifier: string }

/** A run for which nothing is issued any more, for good. `id` is `namedRunValue` of it. */
export type ClosedRun = Run & Position

export type AuditOutcome = 'intent' | 'success' | 'refused' | 'failed'

/** A single-use credential that becomes a client. */
export type Enrollment = {
  id: string
  name: string
  workspaceId: string
  plugins: string[]
  grants: Grant[]
  details: AuthorizationDetail[]
  /** Of the client that it becomes, in seconds; null: it stays. */
  unusedAfter: number | null
  createdAt: number
  expiresAt: number
  usedAt: number | null
  revokedAt: number | null
  clientId: string | null
  /** The client of the administrator who made it; null: someone with a shell on the server. */
  createdBy: string | null
  /** Its generation then. */
  createdByGeneration: number | null
}

export type NewEnrollment = Omit<Enrollment, 'createdAt' | 'usedAt' | 'revokedAt' | 'clientId'> & {
  hash: string
}

export type NewAuditEvent = {
  actor: string
  action: string
  target: string | null
  outcome: AuditOutcome
  reason?: string | undefined
  requestId?: string | undefined
  address?: string | undefined
  /** How many alike it stands for. */
  count: number
}

/** Where a list goes on: after the row that was made then and has this id. */
export type Position = { createdAt: number; id: string }

/** A part of a list, oldest first: without `after` from its beginning, without `limit` to its end. */
export type Part<P = Position> = { after?: P | undefined; limit?: number | undefined }

/** Each filter that is given must fit. */
export type WorkspaceFilter = { ids?: string[] | undefined; status?: WorkspaceStatus | undefined }
export type AudienceFilter = {
  ids?: string[] | undefined
  requiresPlugin?: boolean | undefined
  algorithm?: Algorithm | undefined
}
export type PluginFilter = {
  ids?: string[] | undefined
  trust?: TrustTier | undefined
  capability?: string | undefined
}
export type ClientFilter = {
  workspaceId?: string | undefined
  status?: ClientStatus | undefined
  name?: string | undefined
  pluginId?: string | undefined
  audience?: string | undefined
}
export type RevocationFilter = {
  kind?: RevocationKind | undefined
  clientId?: string | undefined
  /** Only rules over this workspace, its clients and their tokens. */
  workspaceId?: string | undefined
}

/** How far the wall clock is trusted with what cannot be undone. In seconds; times since the epoch. */
export type StoredClock = {
  /** Up to which time the server has lived. */
  settledAt: number
  /** The latest time that a token may have been issued at. */
  latestAt: number
  /** How far the wall clock has been apart at every reading since `gapSince`. */
  gap: number
  gapSince: number
  /** The gap that the log has told of. */
  toldGap: number
  /** What the wall clock said at the last reading. */
  tickedAt: number
}

/** How far the list of rules goes. */
export type RevocationHead = {
  /** Of which history the numbers are. */
  epoch: string
  /** The highest number that has been given. */
  seq: number
  /** The highest number of a rule that has been pruned. */
  prunedSeq: number
}

/** A live rule. */
export type Revocation = {
  seq: number
  kind: RevocationKind
  value: string
  gen: number | null
  clientId: string | null
  /** Null: for good. */
  expiresAt: number | null
  createdAt: number
}

export type RevocationRange = {
  /** Rules with a higher number than this one. */
  after: number
  /** Up to this number; null: as far as `limit` goes. */
  until: number | null
  /** Seconds since the epoch. */
  aliveAt: number
  /** Most rules of one page. */
  limit: number
}

export type RevocationPage = {
  /** The entries of the list (`seq`, `kind`, `value`, `gen` where there is one, `exp`), as a JSON array. */
  entries: string
  count: number
  /** The number of the last rule; null where there is none. */
  last: number | null
  /** Up to this number the page has all live rules, and there are more behind it; null: none are behind it. */
  end: number | null
}

/** One row of the audit table. */
export type AuditRow = {
  seq: number
  createdAt: number
  actor: string
  action: string
  target: string | null
  outcome: AuditOutcome
  reason: string | null
  requestId: string | null
  address: string | null
  count: number
}

/** What is left out is not asked for. */
export type AuditFilter = {
  actor?: string | undefined
  action?: string | undefined
  target?: string | undefined
  outcome?: AuditOutcome | undefined
  requestId?: string | undefined
  /** Seconds since the epoch: from then on, and before then. */
  since?: number | undefined
  until?: number | undefined
  /** What was done to the workspace or a client of it, and what such a client did. */
  workspaceId?: string | undefined
}

/** One page of rows: those behind `after`, in the order in which they are asked for. */
export type AuditPage = {
  filter: AuditFilter
  /** Null: from the first. */
  after: number | null
  /** The last number that is read, oldest first; absent: all. */
  upTo?: number
  limit: number
  newestFirst: boolean
}

/** What one step found, which can be fewer rows than the limit although there are more. */
export type AuditPart = {
  rows: AuditRow[]
  /** `after` of the next step; null once all rows have been read. */
  next: number | null
}

/** Proves what the rows from `firstSeq` to `lastSeq` were. Made and checked in `audit/seals.ts`. */
export type AuditSeal = {
  firstSeq: number
  lastSeq: number
  createdAt: number
  /** The text that is sealed; null once retention has taken the rows away. */
  digests: string | null
  mac: string
  /** Proves that retention took away all rows up to `lastSeq`; null where it has not. */
  cutMac: string | null
}

export type NewSecret = Pick<ClientSecret, 'id' | 'name' | 'hint' | 'expiresAt'> & { hash: string }

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
  /** Of a client that has enrolled itself. */
  registrationHash?: string
  softwareId?: string | null
  redirectUris?: string[]
  unusedAfter?: number | null
  /** Where nothing is said: no. */
  ledger?: boolean
  /** The client whose quota counts its token requests, too. */
  limitedBy?: string | null
  /** Make those of `plugins` that do not exist yet, with the trust tier `restricted`. */
  createPlugins: boolean
}

export type NewWorkspace = Pick<Workspace, 'id' | 'name' | 'ref'>
export type NewAudience = Omit<Audience, 'etag' | 'createdAt'>
export type NewPlugin = Pick<Plugin, 'id' | 'name' | 'trust' | 'capabilities' | 'snapshot'>

/** What an empty database starts with. */
export type Seed = {
  keys: KeyCandidate[]
  workspace: NewWorkspace
  /** The reference of clients that belong to no workspace. */
  noWorkspaceRef: string
  audiences: NewAudience[]
  administrator: NewClient | null
}

export interface Store {
  /** True once something has been written by `bootstrap`. */
  isInitialized(): Promise<boolean>
  /**
   * Fills an empty database, in one step; does nothing to any other.
   * `beforeCommit` runs when nothing but the commit is left to do; what it throws takes everything back.
   * @returns whether this call did it
   */
  bootstrap(seed: Seed, now: number, beforeCommit: () => void): Promise<boolean>
  /** Throws `Unavailable` where the database does not answer. */
  ping(): Promise<void>
  close(): Promise<void>

  // The token request
  /**
   * The secret of this hash, if this client may log in with it now. Searches by the hash alone, so that a wrong
   * secret costs the same for every client id, unknown ones included.
   */
  findLogin(clientId: string, hash: string, now: number): Promise<Login | null>
  findGrantedClient(clientId: string): Promise<GrantedClient | null>
  findActiveKey(algorithm: Algorithm): Promise<SigningKey | null>

  // Keys
  listKeys(): Promise<SigningKey[]>
  /** A key whose signatures are good: next, active, or retiring for as long as what it signed can live. */
  findPublishedKey(kid: string, now: number): Promise<SigningKey | null>
  /** Fills places that are empty, so that each algorithm has an active and a next key. */
  addKeys(candidates: KeyCandidate[], now: number): Promise<void>
  /**
   * All or none: an active key becomes retiring and loses its private half, its next key becomes active,
   * candidates take the places that are then free. `Conflict` where a key is no longer what the promotion says.
   */
  promoteKeys(promotions: Promotion[], candidates: KeyCandidate[], now: number): Promise<void>
  /**
   * Forgets the retiring keys whose time was over at this settled time; of several processes one does, and leaves this
   * event for each, its kid as target.
   */
  removeRetiredKeys(
    event: Omit<NewAuditEvent, 'target'>,
    settled: number,
    now: number,
  ): Promise<void>
  /**
   * Revokes these keys for good and fills the places that they leave: a next key becomes active,
   * candidates take what is then free. `all`: every key that there is in that moment.
   * `signWithNew`: in the algorithms of these keys a candidate becomes active instead. A key that was active there
   * becomes retiring, and the next one stays what it is. So it is for a key that has been revoked already.
   */
  revokeKeys(
    kids: string[] | 'all',
    candidates: KeyCandidate[],
    now: number,
    options?: { signWithNew?: boolean },
  ): Promise<void>

  // Revocation
  /** Which kind of rule takes this token back, if any. */
  findRevocation(token: RevocationLookup): Promise<RevocationKind | null>
  /** The rules that are kept, by their numbers. */
  listRevocations(filter?: RevocationFilter, part?: Part<number>): Promise<Revocation[]>
  /** Another answer after every rule that is written, whichever process writes it. */
  findRevocationHead(): Promise<RevocationHead>
  /** Reads one page of the rules that end after `aliveAt` or the settled time, in the order of their numbers. */
  readRevocationPage(range: RevocationRange): Promise<RevocationPage>
  /**
   * Finds where pages of `limit` live rules end that have a live rule behind them, the first of them beginning
   * behind `after`. At most REVOCATION_ENDS_READ at a time; fewer: there is no further one.
   */
  listRevocationPageEnds(range: Omit<RevocationRange, 'until'>): Promise<number[]>
  /** Forgets the rules whose tokens had expired everywhere at this settled time. */
  pruneRevocations(settled: number): Promise<void>
  /**
   * For a database that is the copy of an older state: begins a new epoch, revokes every key and every
   * enrollment that could still be used. Candidates take the places of the keys.
   */
  beginEpoch(candidates: KeyCandidate[], now: number): Promise<void>
  /** Takes one token back; past 1,000 live rules of its client the client's generation is raised instead. */
  revokeToken(
    token: { jti: string; clientId: string; clientGen: number; exp: number },
    now: number,
  ): Promise<void>

  /**
   * Refuses new tokens of this run for good and kills those that are out. Closing it again changes nothing.
   * @throws OperationRefused `unknown_reference` where there is no such workspace
   */
  closeRun(run: Run, now: number): Promise<void>
  /** True if one of these values (`namedRunValue`) is that of a closed run. Always read from the database. */
  isRunClosed(values: readonly string[]): Promise<boolean>
  listClosedRuns(filter?: { workspaceId?: string | undefined }, part?: Part): Promise<ClosedRun[]>

  // Administration. Each update is decided from `before`: where that has changed since, `Conflict`.
  // What takes something away raises the generation and writes the rule in the same step.
  listWorkspaces(filter?: WorkspaceFilter, part?: Part): Promise<Workspace[]>
  findWorkspace(id: string): Promise<Workspace | null>
  createWorkspace(workspace: NewWorkspace, now: number): Promise<void>
  updateWorkspace(
    before: Workspace,
    change: Partial<Pick<Workspace, 'name' | 'status'>>,
    now: number,
  ): Promise<void>

  listAudiences(filter?: AudienceFilter, part?: Part): Promise<Audience[]>
  findAudience(id: string): Promise<Audience | null>
  createAudience(audience: NewAudience, now: number): Promise<void>
  updateAudience(
    before: Audience,
    change: Partial<Omit<NewAudience, 'id'>>,
    now: number,
  ): Promise<void>

  listPlugins(filter?: PluginFilter, part?: Part): Promise<Plugin[]>
  findPlugin(id: string): Promise<Plugin | null>
  createPlugin(plugin: NewPlugin, now: number): Promise<void>
  updatePlugin(before: Plugin, change: Partial<Omit<NewPlugin, 'id'>>, now: number): Promise<void>
  /** Raises the generation of a plugin that exists. */
  revokePluginTokens(id: string, now: number): Promise<void>

  // Resources. What is taken from one is taken from every detail that points at it, in the same step.
  /** The id of a position is `TYPE ID`. */
  listResources(filter?: ResourceFilter, part?: Part): Promise<Resource[]>
  findResource(type: string, id: string): Promise<Resource | null>
  /** The types of all workspaces, for the metadata. */
  listResourceTypes(): Promise<string[]>
  /** Refused for an id that another one has, or has had. */
  createResource(resource: Omit<Resource, 'etag' | 'createdAt'>, now: number): Promise<void>
  updateResource(before: Resource, parts: string[], now: number): Promise<void>
  /** Leaves a tombstone. */
  deleteResource(before: Resource, now: number): Promise<void>

  /** All but deleted ones. */
  listClients(filter?: ClientFilter, part?: Part): Promise<Client[]>
  findClient(id: string): Promise<Client | null>
  createClient(client: NewClient, now: number): Promise<void>
  updateClient(before: Client, change: ClientChange, now: number): Promise<void>
  /** Leaves a tombstone. */
  deleteClient(before: Client, now: number): Promise<void>
  /** Raises the generation of a client that exists. */
  revokeClientTokens(id: string, now: number): Promise<void>

  // Enrollment
  createEnrollment(enrollment: NewEnrollment, now: number): Promise<void>
  listEnrollments(filter?: { workspaceId?: string | undefined }, part?: Part): Promise<Enrollment[]>
  findEnrollment(id: string): Promise<Enrollment | null>
  findEnrollmentByHash(hash: string): Promise<Enrollment | null>
  /** Ends one that has neither been used nor revoked; `Conflict` for any other. */
  revokeEnrollment(id: string, now: number): Promise<void>
  /** Uses one up and makes the client, in one step; `Conflict` where it can no longer be used. */
  consumeEnrollment(id: string, client: NewClient, now: number): Promise<void>
  /** Forgets those that ended before. */
  pruneEnrollments(endedBefore: number): Promise<void>
  /**
   * The stored hash of a registration access token, if it is this client's and the client may log in. Searches by
   * the hash alone, like `findLogin`.
   */
  findRegistrationHash(clientId: string, hash: string): Promise<string | null>
  /** Those that were told to be removed after a time without a login, which is over; MAX_UNUSED_AT_A_TIME at the most. */
  listUnusedClients(now: number): Promise<Client[]>

  /** Those that are live, newest first. */
  listSecrets(clientId: string, now: number): Promise<ClientSecret[]>
  /** Adds one; the others end at `previousExpiresAt` if they do not end sooner. */
  addSecret(
    clientId: string,
    secret: NewSecret,
    previousExpiresAt: number,
    now: number,
  ): Promise<void>
  /** That these secrets were used at this time, if that is news. */
  touchSecrets(used: { id: string; at: number }[]): Promise<void>
  /** Ends a secret at once; one that has been revoked before is left as it is. */
  revokeSecret(clientId: string, secretId: string, now: number): Promise<void>

  // Time
  /** What is known of the clock; where nothing is, the newest time that was recorded stands for it, or `wall`. */
  findClock(wall: number): Promise<StoredClock>
  /** Writes what follows from `before`. @returns false, with nothing written, where that has changed */
  saveClock(before: StoredClock, after: StoredClock): Promise<boolean>
  /** Records that a token may be issued at this time, by a process that does not keep the clock. */
  noteIssuance(at: number): Promise<void>

  // Audit
  /** In this order, all or none. */
  addAuditEvents(events: NewAuditEvent[], now: number): Promise<void>
  /**
   * Reads one step of a page. Statements look at AUDIT_STEP_ROWS rows at the most, so a step of a filter can find
   * nothing and still have a next one.
   */
  listAuditEvents(page: AuditPage): Promise<AuditPart>
  /** Those that end after this number, oldest first. */
  listAuditSeals(after: number, limit: number): Promise<AuditSeal[]>
  findNewestAuditSeal(): Promise<AuditSeal | null>
  /**
   * Adds the seal that follows the one that ends at `previousLastSeq` (null: the first).
   * @returns false, with nothing added, where another process was faster
   */
  addAuditSeal(seal: Omit<AuditSeal, 'cutMac'>, previousLastSeq: number | null): Promise<boolean>
  /**
   * Takes all rows up to the end of this seal away, and the seals before it; the seal stays, with the proof
   * that this is where retention cut, and the event says so (null: one of a later cut will). The work is that of the
   * rows behind the seal before it, which is cut already. `Conflict` where this one has been cut.
   */
  cutAudit(
    cut: { lastSeq: number; cutMac: string },
    event: NewAuditEvent | null,
    now: number,
  ): Promise<void>
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
  /** Only ever taken away. */
  limitedBy?: null
}
