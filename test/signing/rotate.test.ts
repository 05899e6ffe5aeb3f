// Rotation on demand.
import { describe, expect, it } from 'vitest'
import { rotateKeys } from '../../src/admin/key-rotation.ts'
import { Conflict, OperationRefused } from '../../src/errors.ts'
import { adminOf } from '../support/admin.ts'
import { live } from '../support/clock.ts'
import { ALGORITHMS, DAY, HOUR, another, refusalOf, start, states } from './support.ts'

describe('rotation on demand', () => {
  it('is refused until the next key is a day old, and names that time', async () => {
    const server = await start()
    server.advance(DAY - 1)
    await live(server.store, server.seconds())
    const before = server.state()
    const refusal = await refusalOf(rotateKeys(adminOf(server)))
    expect(refusal).toBeInstanceOf(OperationRefused)
    expect(refusal).toMatchObject({ code: 'key_too_young' })
    expect(refusal.message).toContain('2026-01-02T00:00:00Z')
    expect(server.state()).toBe(before)
    server.advance(1)
    await live(server.store, server.seconds())
    const { active: [first] = [], next: [second] = [] } = await states(server)
    const done = await rotateKeys(adminOf(server))
    expect(done.warnings).toEqual([])
    expect(done.rotated).toContainEqual({
      algorithm: 'ES256',
      kid: second,
      published_at: '2026-01-01T00:00:00Z',
      former_kid: first,
    })
    expect(done.rotated).toHaveLength(ALGORITHMS.length)
    expect(await states(server)).toMatchObject({ active: [second], retiring: [first] })
  })

  it('promotes a younger key with now, and warns', async () => {
    const server = await start(null)
    const { next: [second] = [] } = await states(server)
    server.advance(HOUR)
    const { rotated, warnings } = await rotateKeys(adminOf(server), { now: true })
    expect(rotated).toHaveLength(ALGORITHMS.length)
    expect(warnings).toHaveLength(ALGORITHMS.length)
    for (const warning of warnings) expect(warning).toContain('only since 2026-01-01T00:00:00Z')
    expect(await states(server)).toMatchObject({ active: [second] })
  })

  it('changes the keys of the requested algorithm only', async () => {
    const server = await start()
    const before = await states(server)
    const { rotated } = await rotateKeys(adminOf(server), { now: true, algorithm: 'EdDSA' })
    expect(rotated).toMatchObject([{ algorithm: 'EdDSA' }])
    expect(await states(server)).toEqual(before)
    const refusal = await refusalOf(rotateKeys(adminOf(server), { algorithm: 'PS256' }))
    expect(refusal).toMatchObject({ code: 'invalid_value', errors: [{ field: 'algorithm' }] })
  })

  it('happens once for two requests at once: the new next key is too young for the second one', async () => {
    const server = await start()
    server.advance(DAY)
    await live(server.store, server.seconds())
    const other = { ...adminOf(server), deps: another(server) }
    const outcomes = await Promise.allSettled([rotateKeys(adminOf(server)), rotateKeys(other)])
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    expect(refused).toMatchObject([{ reason: { code: 'key_too_young' } }])
    expect((await states(server)).retiring).toHaveLength(1)
  })

  it('happens twice for two requests at once with now', async () => {
    const server = await start()
    const other = { ...adminOf(server), deps: another(server) }
    await Promise.all([adminOf(server), other].map((admin) => rotateKeys(admin, { now: true })))
    expect((await states(server)).retiring).toHaveLength(2)
  })

  it('is refused with a conflict when another process is faster each time', async () => {
    const server = await start()
    server.fail('promoteKeys', new Conflict('again'))
    const before = server.state()
    expect(await refusalOf(rotateKeys(adminOf(server), { now: true }))).toBeInstanceOf(Conflict)
    expect(server.state()).toBe(before)
  })
})
