// Client secrets. The hash of a secret enters the store and is not in its answers.
export type ClientSecret = {
  id: string
  clientId: string
  name: string | null
  hint: string
  createdAt: number
  expiresAt: number | null
  revokedAt: number | null
  /**
   * Time of the latest login, to the minute; null: no login since the server records them. For a client with
   * `unusedAfter` also the time at which it was enabled, or its workspace resumed.
   */
  lastUsedAt: number | null
}

export type NewSecret = Pick<ClientSecret, 'id' | 'name' | 'hint' | 'expiresAt'> & { hash: string }

export interface SecretStore {
  /** Lists live secrets, newest first. */
  listSecrets(clientId: string, now: number): Promise<ClientSecret[]>
  /** Latest `lastUsedAt` of each of these clients, over all its secrets; clients without one are left out. */
  findLastUses(clientIds: readonly string[]): Promise<{ clientId: string; at: number }[]>
  /**
   * Adds a secret. The other secrets end at `previousExpiresAt`, unless they end sooner.
   * @throws OperationRefused `too_many_secrets` past MAX_LIVE_SECRETS, `last_administrator`
   */
  addSecret(
    clientId: string,
    secret: NewSecret,
    previousExpiresAt: number,
    now: number,
  ): Promise<void>
  /** Records that these secrets were used at these times, where that is later than recorded. */
  touchSecrets(used: { id: string; at: number }[]): Promise<void>
  /**
   * Ends a secret at once. A secret that has been revoked before keeps its time.
   * @throws OperationRefused `last_administrator`
   */
  revokeSecret(clientId: string, secretId: string, now: number): Promise<void>
}
