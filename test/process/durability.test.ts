// Durability: an acknowledged change survives kill -9 at any moment.
import { randomInt } from 'node:crypto'
import BetterSqlite3 from 'better-sqlite3'
import { beforeAll, describe, expect, it } from 'vitest'
import { addHookClient, databasePath, dump } from '../support/database.ts'
import { INACTIVE, createCaller } from '../support/http.ts'
import { decode } from '../support/jwt.ts'
import {
  type Place,
  type ServerProcess,
  seededPlace,
  start,
  startServer,
} from '../support/processes.ts'

const ROUNDS = 5
const TOKENS_A_ROUND = 40
const AT_ONCE = 4

const expectIntact = (): void => {
  const client = new BetterSqlite3(databasePath(place))
  expect(client.pragma('integrity_check', { simple: true })).toBe('ok')
  expect(client.pragma('foreign_key_check')).toEqual([])
  client.close()
}

/**
 * Revokes several tokens at once, and kills the server in the middle. @returns the acknowledged
 * tokens
 */
const revokeUntilKilled = async (
  server: ServerProcess,
  revoke: (token: string) => Promise<{ status: number }>,
  tokens: string[],
): Promise<string[]> => {
  const acknowledged: string[] = []
  const killAfter = randomInt(1, tokens.length - AT_ONCE)
  const waiting = [...tokens]
  const worker = async (): Promise<void> => {
    for (let token = waiting.pop(); token !== undefined; token = waiting.pop()) {
      const answer = await revoke(token).catch(() => null)
      if (answer === null) return // killed before it answered
      expect(answer.status).toBe(200)
      acknowledged.push(token)
      if (acknowledged.length === killAfter) server.signal('SIGKILL')
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  expect((await server.ended).signal).toBe('SIGKILL')
  return acknowledged
}

let place: Place
beforeAll(async () => {
  place = await seededPlace()
})

describe('kill -9', () => {
  it('loses no revocation that a server has acknowledged', async () => {
    const client = await addHookClient(place)
    const { issue, revoke, introspect } = createCaller(place.url)

    const revoked: string[] = []
    let unanswered = 0
    for (let round = 0; round < ROUNDS; round++) {
      const server = await startServer(place)
      for (const token of revoked) expect(await introspect(client, token)).toBe(INACTIVE)
      const tokens = await Promise.all(Array.from({ length: TOKENS_A_ROUND }, () => issue(client)))
      const acknowledged = await revokeUntilKilled(server, (t) => revoke(client, t), tokens)
      revoked.push(...acknowledged)
      unanswered += tokens.length - acknowledged.length
    }
    expect(unanswered).toBeGreaterThan(0) // otherwise the kill came too late to prove anything

    expectIntact()
    const rules = new Set(dump(place)['revocations']?.map((row) => row['value']))
    expect(revoked.filter((token) => !rules.has(decode(token).claims['jti']))).toEqual([])
  })

  it('loses no client that a command has shown', async () => {
    const shown: string[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const create = ['client', 'create', '--name', `round ${round}`, '--json']
      const { child, said, ended } = start(place, create)
      // The first byte is the earliest moment at which a person can learn of the client.
      child.stdout.once('data', () => child.kill('SIGKILL'))
      await ended
      shown.push((JSON.parse(said.stdout) as { client_id: string }).client_id)
    }
    expectIntact()
    const there = new Set(dump(place)['clients']?.map((row) => row['id']))
    expect(shown.filter((id) => !there.has(id))).toEqual([])
  })
})
