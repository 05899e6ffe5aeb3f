// Keys that change under several real processes on one database.
import { beforeEach, describe, expect, it } from 'vitest'
import { auditEvents, auditRows } from '../support/audit-log.ts'
import { addHookClient, execute, query } from '../support/database.ts'
import { createCaller, send } from '../support/http.ts'
import { decode } from '../support/jwt.ts'
import {
  type Place,
  createCli,
  latchkey,
  newPlace,
  onAnotherPort,
  startServer,
  until,
} from '../support/processes.ts'

const DAY = 24 * 60 * 60
/** What makes an active key change by itself: half a year without a process. */
const AGE = 180 * DAY

let place: Place
let cli: ReturnType<typeof createCli>
beforeEach(async () => {
  place = await newPlace()
  cli = createCli(place)
  await cli.json('migrate')
})

const kidsIn = (state: string): string[] =>
  query(place, `select kid from signing_keys where state = '${state}'`).map(({ kid }) =>
    String(kid),
  )

const age = (seconds: number): void =>
  execute(
    place,
    `update signing_keys
    set created_at = created_at - ${seconds}, activated_at = activated_at - ${seconds}`,
  )

/** A key that signs and one that is next, each with a private half, and those with these states besides. */
const expectKeys = (more: Record<string, number>): void => {
  const held = query(
    place,
    `select state, count(*) as keys, count(private_jwe) as private from signing_keys group by state`,
  )
  expect(
    Object.fromEntries(held.map((row) => [row['state'], [row['keys'], row['private']]])),
  ).toEqual({
    active: [1, 1],
    next: [1, 1],
    ...Object.fromEntries(Object.entries(more).map(([state, keys]) => [state, [keys, 0]])),
  })
}

const rotations = (outcome: string) =>
  auditEvents(place).filter((event) => event.action === 'key.rotate' && event.outcome === outcome)

it('four servers that find an old key rotate it once, and serve the same keys', async () => {
  const [[former], [next]] = [kidsIn('active'), kidsIn('next')]
  age(AGE)
  const places = [place, ...(await Promise.all([1, 2, 3].map(() => onAnotherPort(place))))]
  const servers = await Promise.all(places.map((each) => startServer(each)))
  await until('the rotation', () => kidsIn('retiring').length > 0)
  const seen = await Promise.all(places.map(({ url }) => createCaller(url).kids()))
  expect(seen).toEqual(places.map(() => [next, ...kidsIn('next'), former]))

  const client = await addHookClient(place)
  for (const { url } of places) {
    const token = await createCaller(url).issue(client)
    expect(decode(token).header['kid']).toBe(next)
    for (const other of places) {
      const introspected = await createCaller(other.url).introspect(client, token)
      expect(introspected).toContain('"active":true')
    }
  }
  // Each does what is due once more when it ends.
  for (const server of servers) expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
  expectKeys({ retiring: 1 })
  expect(rotations('success')).toEqual([
    { actor: 'server', action: 'key.rotate', target: next, outcome: 'success' },
  ])
  expect(rotations('failed')).toEqual([])
})

it.each([
  ['off', 'off', AGE, 0],
  ['not before its time', '365d', AGE, 0],
  ['by its own period', '30d', 31 * DAY, 1],
])('LATCHKEY_KEY_ROTATION: %s', async (_, value, seconds, retiring) => {
  age(seconds)
  place.environment['LATCHKEY_KEY_ROTATION'] = value
  const server = await startServer(place)
  expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
  expect(server.log().filter(({ level }) => Number(level) >= 40)).toEqual([])
  expectKeys(retiring === 0 ? {} : { retiring })
})

it('a period of less than a day is said to be one, once, whatever the number of workers', async () => {
  place.environment['LATCHKEY_KEY_ROTATION'] = '1h'
  place.environment['LATCHKEY_WORKERS'] = '2'
  const server = await startServer(place)
  await server.stop()
  const warnings = server.log().filter(({ level }) => Number(level) >= 40)
  expect(warnings).toMatchObject([{ level: 40, keyRotationSeconds: 3600 }])
  expect(warnings[0]?.msg).toMatch(/once a day.*24 hours before it signs/)
})

it('the row of a key whose time is over is removed, by one of them', async () => {
  const former = String(kidsIn('active'))
  await cli.json('key rotate --now')
  // The database knows of time only what servers have lived through, so the key is made older than it has to be.
  execute(place, `update signing_keys set retired_at = retired_at - ${DAY + 10 * 60}`)
  const served = (await cli.json<{ kid: string }[]>('key list')).map(({ kid }) => kid)
  expect(served).not.toContain(former)
  const places = [place, await onAnotherPort(place)]
  const servers = await Promise.all(places.map((each) => startServer(each)))
  for (const server of servers) await server.stop()
  expectKeys({})
  const removed = auditRows(place).filter(({ action }) => action === 'key.remove')
  expect(removed).toMatchObject([{ actor: 'server', target: former, outcome: 'success' }])
})

describe('commands at once', () => {
  /** What each command ended with, without regard to their order. */
  const run = async (commands: string[]): Promise<(number | null)[]> => {
    const ended = commands.map((command) => latchkey(place, command.split(' ')))
    return (await Promise.all(ended)).map(({ code }) => code).toSorted()
  }

  it('rotate and rotate: once', async () => {
    age(DAY)
    expect(await run(['key rotate', 'key rotate'])).toEqual([0, 1])
    expectKeys({ retiring: 1 })
    expect(rotations('refused')).toMatchObject([{ reason: 'key_too_young' }])
  })

  it('revoke the active and the next one', async () => {
    const commands = [...kidsIn('active'), ...kidsIn('next')].map((kid) => `key revoke ${kid}`)
    expect(await run(commands)).toEqual([0, 0])
    expectKeys({ revoked: 2 })
  })

  it('revoke the active one, twice, and rotate', async () => {
    const revoke = `key revoke ${kidsIn('active').join()}`
    expect(await run([revoke, revoke, 'key rotate --now'])).toEqual([0, 0, 0])
    const retiring = kidsIn('retiring').length // the next key, where the revocation came first
    expectKeys({ revoked: 1, ...(retiring > 0 && { retiring }) })
  })

  it('revoke all, twice, and rotate: no token from before is good', async () => {
    const server = await startServer(place)
    const call = createCaller(place.url)
    const client = await addHookClient(place)
    const token = await call.issue(client)
    const all = 'key revoke --all'
    expect(await run([all, all, 'key rotate --now'])).toEqual([0, 0, 0])
    expect(kidsIn('active')).toHaveLength(1)
    expect(kidsIn('next')).toHaveLength(1)
    expect(await call.introspect(client, token)).toBe('{"active":false}')
    const again = await call.issue(client)
    expect(decode(again).header['kid']).toBe(kidsIn('active')[0])
    expect(await call.introspect(client, again)).toContain('"active":true')
    expect((await send(`${place.url}/readyz`)).status).toBe(200)
    expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
  })
})
