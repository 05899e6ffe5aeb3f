// Key rotation with several processes on one database.
import { beforeEach, describe, expect, it } from 'vitest'
import { auditEvents, auditRows } from '../support/audit-log.ts'
import { addHookClient, execute, query } from '../support/database.ts'
import { createCaller, send } from '../support/http.ts'
import { decode } from '../support/jwt.ts'
import {
  type Place,
  createCli,
  latchkeyProcess,
  seededPlace,
  onAnotherPort,
  startServer,
  until,
} from '../support/processes.ts'

const DAY = 24 * 60 * 60
/** Age at which the active key rotates by itself, 180 days, reached without a process. */
const AGE = 180 * DAY

let place: Place
let cli: ReturnType<typeof createCli>
beforeEach(async () => {
  place = await seededPlace()
  cli = createCli(place)
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

/**
 * Expects one signing key and one next key, each with a private half, and these numbers of keys in
 * other states.
 */
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
  // Each server runs its upkeep once more when it ends.
  for (const server of servers) expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
  expectKeys({ retiring: 1 })
  expect(rotations('success')).toEqual([
    { actor: 'server', action: 'key.rotate', target: next, outcome: 'success' },
  ])
  expect(rotations('failed')).toEqual([])
})

it.each([
  ['off, no rotation', 'off', AGE, 0],
  ['365d, no rotation of a younger key', '365d', AGE, 0],
  ['30d, rotation of an older key', '30d', 31 * DAY, 1],
])('LATCHKEY_KEY_ROTATION is effective: %s', async (_, value, seconds, retiring) => {
  age(seconds)
  place.environment['LATCHKEY_KEY_ROTATION'] = value
  const server = await startServer(place)
  expect(await server.stop()).toMatchObject({ code: 0, stderr: '' })
  expect(server.log().filter(({ level }) => Number(level) >= 40)).toEqual([])
  expectKeys(retiring === 0 ? {} : { retiring })
})

it('LATCHKEY_KEY_ROTATION below a day causes one warning, with any number of workers', async () => {
  place.environment['LATCHKEY_KEY_ROTATION'] = '1h'
  place.environment['LATCHKEY_WORKERS'] = '2'
  const server = await startServer(place)
  await server.stop()
  const warnings = server.log().filter(({ level }) => Number(level) >= 40)
  expect(warnings).toMatchObject([{ level: 40, keyRotationSeconds: 3600 }])
  expect(warnings[0]?.msg).toMatch(/once a day.*24 hours before it signs/)
})

it('row of a key whose tokens have expired is removed by one of two servers', async () => {
  const former = String(kidsIn('active'))
  await cli.json('key rotate --now')
  // The database counts only time that servers have lived through, so the key is made older than
  // required.
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

describe('simultaneous key commands', () => {
  /** Runs the commands at once and returns their sorted exit codes. */
  const run = async (commands: string[]): Promise<(number | null)[]> => {
    const ended = commands.map((command) => latchkeyProcess(place, command.split(' ')))
    return (await Promise.all(ended)).map(({ code }) => code).toSorted()
  }

  it('rotate once when both are rotations', async () => {
    age(DAY)
    expect(await run(['key rotate', 'key rotate'])).toEqual([0, 1])
    expectKeys({ retiring: 1 })
    expect(rotations('refused')).toMatchObject([{ reason: 'key_too_young' }])
  })

  it('revoke both keys when one revokes the active and one the next key', async () => {
    const commands = [...kidsIn('active'), ...kidsIn('next')].map((kid) => `key revoke ${kid}`)
    expect(await run(commands)).toEqual([0, 0])
    expectKeys({ revoked: 2 })
  })

  it('revoke the active key once and rotate when two revoke it and one rotates', async () => {
    const revoke = `key revoke ${kidsIn('active').join()}`
    expect(await run([revoke, revoke, 'key rotate --now'])).toEqual([0, 0, 0])
    const retiring = kidsIn('retiring').length // the next key, when the revocation came first
    expectKeys({ revoked: 1, ...(retiring > 0 && { retiring }) })
  })

  it('revoke every earlier token when two revoke all keys and one rotates', async () => {
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
