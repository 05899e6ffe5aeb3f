// Rotation by age and in an emergency, observed from outside.
import { describe, expect, it } from 'vitest'
import { rotateKeys } from '../../src/admin/key-rotation.ts'
import { listKeys, revokeAllKeys, revokeKey, showKey } from '../../src/admin/keys.ts'
import { Unavailable } from '../../src/errors.ts'
import { adminOf } from '../support/admin.ts'
import { decode } from '../support/jwt.ts'
import { live } from '../support/clock.ts'
import {
  keep,
  ALGORITHMS,
  DAY,
  HOUR,
  ROTATION,
  type States,
  another,
  jwks,
  keyEvents,
  refusalOf,
  start,
  states,
  upkeep,
} from './support.ts'

describe('rotation by age', () => {
  it('promotes the next key, and publishes the former one while its tokens live', async () => {
    const server = await start()
    const client = await server.client({ grants: { docs: ['read'] }, tokenTtl: DAY })
    const { active: [first] = [], next: [second] = [] } = await states(server)
    server.advance(ROTATION - 1)
    await upkeep(server)
    expect(await states(server)).toEqual({ active: [first], next: [second] })
    expect(await jwks(server)).toEqual({ kids: [first, second], maxAge: 1 })
    const token = await server.issue(client)
    expect(decode(token).header.kid).toBe(first)

    server.advance(1)
    await upkeep(server)
    const { next: [third] = [], ...rest } = await states(server)
    expect(rest).toEqual({ active: [second], retiring: [first] })
    expect(await jwks(server)).toEqual({ kids: [second, third, first], maxAge: HOUR })
    expect(decode(await server.issue(client)).header.kid).toBe(second)

    server.advance(DAY - 2)
    expect(await server.introspect(client, token)).toMatchObject({ active: true })
    server.advance(61)
    expect(await jwks(server)).toEqual({ kids: [second, third, first], maxAge: 1 })
    server.advance(1)
    expect(await jwks(server)).toEqual({ kids: [second, third], maxAge: HOUR })
  })

  it('hides a retiring key after its end, and upkeep removes its row', async () => {
    const server = await start()
    const admin = adminOf(server)
    const { active: [first = ''] = [] } = await states(server)
    const signed = await server.deps.signer.sign({ a: 1 }, { algorithm: 'ES256', typ: 'x' })
    server.advance(ROTATION)
    await upkeep(server)
    expect(await server.deps.signer.verify(signed.token)).toMatchObject({ kid: first })
    server.advance(DAY + 60 - 1)
    expect(await showKey(admin, first)).toMatchObject({ state: 'retiring' })
    server.advance(1)
    await live(server.store, server.seconds())
    expect(await states(server)).toMatchObject({ retiring: [first] })
    expect(await server.deps.signer.verify(signed.token)).toBeNull()
    expect(JSON.stringify(await listKeys(admin))).not.toContain(first)
    expect(await refusalOf(showKey(admin, first))).toMatchObject({ code: 'not_found' })
    expect(await refusalOf(revokeKey(admin, first))).toMatchObject({ code: 'not_found' })

    await upkeep(server)
    expect(await states(server)).not.toHaveProperty('retiring')
    const removed = `select actor, target, outcome from audit_events where action = 'key.remove'`
    expect(server.query(removed)).toContainEqual({
      actor: 'server',
      target: first,
      outcome: 'success',
    })
    expect(server.query(removed)).toHaveLength(ALGORITHMS.length)
  })

  it.each([
    ['off', null, 9 * ROTATION, 0],
    ['a moment early', ROTATION, ROTATION - 10 * 60, 0],
    ['in time', ROTATION, ROTATION, 1],
    ['after years without a process', ROTATION, 40 * ROTATION, 1],
    ['more often than daily, early', HOUR, DAY - 10 * 60, 0],
    ['more often than daily', HOUR, DAY, 1],
  ])('happens when it is due: %s', async (_, rotation, wait, times) => {
    const server = await start(rotation)
    server.advance(wait)
    for (let minute = 0; minute < 5; minute++) {
      await upkeep(server)
      server.advance(60)
    }
    const event = { actor: 'server', action: 'key.rotate', outcome: 'success', reason: null }
    expect(keyEvents(server)).toEqual(Array(times).fill(event))
    expect((await states(server)).retiring ?? []).toHaveLength(times)
  })

  it('fills empty places', async () => {
    const server = await start()
    server.sql(`delete from signing_keys where state = 'next'`)
    await upkeep(server)
    expect((await states(server)).next).toHaveLength(1)
    expect(keyEvents(server)).toMatchObject([{ actor: 'server', action: 'key.create' }])
  })

  it('happens once in one of several processes', async () => {
    const server = await start()
    const processes = [server.deps, another(server), another(server), another(server)]
    for (const wait of [ROTATION, ROTATION]) {
      server.advance(wait)
      await Promise.all(processes.map((deps) => keep(deps)))
    }
    const { active, next, retiring } = await states(server)
    expect([active, next, retiring].map((kids) => kids?.length)).toEqual([1, 1, 1])
    const successes = keyEvents(server).filter(({ outcome }) => outcome === 'success')
    expect(successes).toHaveLength(2)
    const removed = server.query(`select target from audit_events where action = 'key.remove'`)
    expect(removed).toHaveLength(ALGORITHMS.length)
  })

  it('is tried again after a failure, and leaves nothing half done', async () => {
    const server = await start()
    const before = await states(server)
    server.advance(ROTATION)
    server.fail('promoteKeys', new Unavailable('SQLITE_FULL'))
    await expect(upkeep(server)).rejects.toThrow(Unavailable)
    expect(await states(server)).toEqual(before)
    expect(keyEvents(server)).toMatchObject([{ action: 'key.rotate', outcome: 'failed' }])
    server.heal()
    await upkeep(server)
    expect((await states(server)).active).toEqual(before.next)
  })
})

const sorted = (kids: States): States =>
  Object.fromEntries(Object.entries(kids).map(([state, of]) => [state, of?.toSorted()]))

describe('emergency', () => {
  const EMERGENCIES: [title: string, state: keyof States, after: (kids: States) => States][] = [
    [
      'the active key is revoked, and a young next one signs',
      'active',
      ({ active, next, retiring }) => ({ active: next, retiring, revoked: active }),
    ],
    [
      'the next key is revoked, and a new one is next',
      'next',
      ({ active, next, retiring }) => ({ active, retiring, revoked: next }),
    ],
    [
      'a retiring key is revoked, and is published no more',
      'retiring',
      ({ active, next, retiring }) => ({ active, next, revoked: retiring }),
    ],
  ]

  it.each(EMERGENCIES)('leaves one active and one next key: %s', async (_, state, after) => {
    const server = await start()
    await rotateKeys(adminOf(server), { now: true })
    const before = await states(server)
    const [kid = ''] = before[state] ?? []
    await revokeKey(adminOf(server), kid)
    const found = await states(server)
    expect(found).toMatchObject(after(before))
    expect([found.active?.length, found.next?.length]).toEqual([1, 1])
    expect((await jwks(server)).kids).not.toContain(kid)
    // Caches ask again within a minute, until the last copy from before has ended and as long again.
    for (const seconds of [0, 2 * HOUR - 1]) {
      server.advance(seconds)
      expect((await jwks(server)).maxAge).toBe(60)
    }
    server.advance(1)
    expect((await jwks(server)).maxAge).toBe(HOUR)
  })

  const REFETCHES: [title: string, state: keyof States, after: (kids: States) => States][] = [
    [
      'the active key is revoked',
      'active',
      ({ active, next, retiring }) => ({ next, retiring, revoked: active }),
    ],
    [
      'the next key is revoked, and the active one retires',
      'next',
      ({ active, next, retiring = [] }) => ({
        retiring: [...retiring, ...(active ?? [])],
        revoked: next,
      }),
    ],
    [
      'a retiring key is revoked',
      'retiring',
      ({ active, next, retiring }) => ({ next, retiring: active, revoked: retiring }),
    ],
  ]

  it.each(REFETCHES)('makes a new key sign with force_refetch: %s', async (_, state, after) => {
    const server = await start()
    await rotateKeys(adminOf(server), { now: true })
    const before = await states(server)
    const published = (await jwks(server)).kids
    const [kid = ''] = before[state] ?? []
    await revokeKey(adminOf(server), kid, { force_refetch: true })
    const found = await states(server)
    const { active = [], next = [] } = found
    expect(sorted(found)).toMatchObject(sorted(after(before)))
    expect([active.length, next.length]).toEqual([1, 1])
    expect(published).not.toContain(active[0])
    const { kids } = await jwks(server)
    expect(kids[0]).toBe(active[0])
    expect(kids).not.toContain(kid)
    const signed = await server.deps.signer.sign({}, { algorithm: 'ES256', typ: 'x' })
    expect(signed.kid).toBe(active[0])
    expect((await jwks(server)).maxAge).toBe(60)
  })

  it('makes a new key sign with force_refetch after a revocation without it', async () => {
    const server = await start()
    const { active: [kid = ''] = [], next } = await states(server)
    await revokeKey(adminOf(server), kid)
    expect((await states(server)).active).toEqual(next)
    const before = await states(server)
    await revokeKey(adminOf(server), kid, { force_refetch: true })
    const found = await states(server)
    expect(found).toMatchObject({ next: before.next, retiring: next, revoked: [kid] })
    expect(found.active).not.toEqual(next)
  })

  it('leaves one active and one next key after several force_refetch at once, beside a rotation', async () => {
    const server = await start()
    const other = { ...adminOf(server), deps: another(server) }
    const { active: [kid = ''] = [], next: [second = ''] = [] } = await states(server)
    const input = { force_refetch: true }
    await Promise.all([
      revokeKey(adminOf(server), kid, input),
      revokeKey(other, kid, input),
      revokeKey(other, second, input),
      rotateKeys(other, { now: true }).catch(() => null),
      revokeAllKeys(adminOf(server)),
    ])
    const { active = [], next = [], revoked } = await states(server)
    expect([active.length, next.length]).toEqual([1, 1])
    expect(revoked).toEqual(expect.arrayContaining([kid, second]))
    const signed = await server.deps.signer.sign({}, { algorithm: 'ES256', typ: 'x' })
    expect(signed.kid).toBe(active[0])
  })

  it('leaves the keys of other algorithms unchanged with force_refetch', async () => {
    const server = await start()
    const of = async () =>
      (await server.store.listKeys()).filter(({ algorithm }) => algorithm === 'EdDSA')
    const before = await of()
    const { active: [kid = ''] = [] } = await states(server)
    await revokeKey(adminOf(server), kid, { force_refetch: true })
    expect(await of()).toEqual(before)
  })

  it('revokes all keys while another process changes them', async () => {
    const server = await start()
    const other = { ...adminOf(server), deps: another(server) }
    await Promise.all([
      revokeAllKeys(adminOf(server)),
      rotateKeys(other, { now: true }).catch(() => null),
      revokeAllKeys(other),
    ])
    for (const state of ['active', 'next'] as const) {
      expect((await states(server))[state]).toHaveLength(1)
    }
    const { active: [signing] = [] } = await states(server)
    const signed = await server.deps.signer.sign({}, { algorithm: 'ES256', typ: 'x' })
    expect(signed.kid).toBe(signing)
  })
})
