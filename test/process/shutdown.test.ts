// How a server ends: what runs is finished, nothing new is begun, the database is closed.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SHUTDOWN_TIMEOUT_MS } from '../../src/constants.ts'
import { addHookClient } from '../support/database.ts'
import { basicHeader, createCaller } from '../support/http.ts'
import {
  type Place,
  type ServerProcess,
  newPlace,
  startServer,
  until,
} from '../support/processes.ts'
import type { ClientCredentials } from '../support/records.ts'
import { LAST_CHUNK, chunk, head, open, refusesConnections } from '../support/raw-http.ts'

const dataFiles = ({ directory }: Place): string[] => readdirSync(join(directory, 'data')).sort()

let place: Place
let client: ClientCredentials
let server: ServerProcess
beforeAll(async () => {
  place = await newPlace()
})
beforeEach(async () => {
  server = await startServer(place)
  client = await addHookClient(place)
})

/** A token request of which half the body is still to come, and which the server has begun to read. */
const halfSent = async () => {
  const connection = open(place)
  connection.write(
    head('POST /oauth/token', {
      Authorization: basicHeader(client),
      'Content-Type': 'application/x-www-form-urlencoded',
      'Transfer-Encoding': 'chunked',
      Expect: '100-continue',
    }),
  )
  await connection.receives(/^HTTP\/1\.1 100 Continue\r\n\r\n/)
  connection.write(chunk('grant_type=client_'))
  return {
    connection,
    finish() {
      connection.write(chunk('credentials') + LAST_CHUNK)
    },
  }
}

describe('SIGTERM', () => {
  it('answers what is under way, refuses what is new, and closes the database', async () => {
    const idle = open(place)
    idle.write(head('GET /healthz'))
    await idle.receives(/\{"status":"ok"\}/)
    const token = await createCaller(place.url).issue(client)
    await createCaller(place.url).revoke(client, token)
    expect(dataFiles(place)).toContain('latchkey.db-wal')

    const { connection, finish } = await halfSent()
    server.signal('SIGTERM')
    await until('the end of listening', () => refusesConnections(place))
    await until('the end of an idle connection', idle.isClosed)
    expect(connection.isClosed()).toBe(false)
    finish()
    expect(await connection.receives(/"access_token"/)).toMatch(/HTTP\/1\.1 200 OK/)

    expect(await server.ended).toMatchObject({ code: 0, signal: null, stderr: '' })
    expect(server.log().at(-1)?.msg).toBe('stopped')
    expect(dataFiles(place)).toEqual(['latchkey.db', 'ledger.db'])
  })

  it('ends at once when it comes again', async () => {
    const { connection } = await halfSent()
    server.signal('SIGTERM')
    await until('the end of listening', () => refusesConnections(place))
    expect(connection.isClosed()).toBe(false)
    const before = Date.now()
    server.signal('SIGTERM')
    expect(await server.ended).toMatchObject({ code: null, signal: 'SIGTERM' })
    expect(Date.now() - before).toBeLessThan(SHUTDOWN_TIMEOUT_MS / 2)
  })
})
