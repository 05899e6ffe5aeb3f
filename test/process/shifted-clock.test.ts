// Server process that starts with a wall clock 500 days ahead.
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { execute, query } from '../support/database.ts'
import { createCli, seededPlace, startServer, until } from '../support/processes.ts'

const DAY = 24 * 60 * 60
const PRELOAD = fileURLToPath(new URL('../support/shifted-clock.mjs', import.meta.url))

it('server whose clock is 500 days ahead removes nothing, and logs it', async () => {
  const place = await seededPlace()
  const cli = createCli(place)
  const made = await cli.json('client', 'create', '--name', 'Daemon', '--grant', 'hook=hook:track')
  const id = String(made['client_id'])
  execute(place, `update clients set unused_after = 86400 where id = '${id}'`)
  await cli.json('client', 'revoke-tokens', id)
  const server = await startServer({ ...place, environment: { ...place.environment } })
  await until('the first seal', () => query(place, 'select 1 from audit_seals').length > 0)
  await server.stop()
  const tables = ['audit_events', 'revocations', 'audit_seals', 'signing_keys', 'clients']
  const rows = () =>
    tables.map((table) => query(place, `select count(*) as n from ${table}`)[0]?.['n'])
  const before = rows()

  const environment = {
    ...place.environment,
    NODE_OPTIONS: `--import ${PRELOAD}`,
    TEST_CLOCK_AHEAD_SECONDS: String(500 * DAY),
  }
  const ahead = await startServer({ ...place, environment })
  const settled = query(place, 'select settled_at as at, latest_at as latest from server_clock')[0]
  expect(Number(settled?.['latest']) - Number(settled?.['at'])).toBeGreaterThan(499 * DAY)
  expect(await ahead.stop()).toMatchObject({ code: 0, stderr: '' }) // runs the upkeep once more
  expect(rows()).toEqual(before)
  expect(
    query(place, `select 1 from clients where id = '${id}' and status = 'active'`),
  ).toHaveLength(1)
  const warned = ahead.log().filter(({ msg }) => msg.startsWith('the clock is ahead'))
  expect(warned).toHaveLength(1)
})
