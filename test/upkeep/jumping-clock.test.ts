// A server whose wall clock jumps while its monotonic clock runs on: it removes nothing for good,
// and revocations stay, at introspection, in the list and at a follower.
import { beforeEach, describe, expect, test } from 'vitest'
import { CLOCK_CONFIRM_SECONDS, RULE_RETENTION_SECONDS } from '../../src/constants.ts'
import { rotateKeys } from '../../src/admin/key-rotation.ts'
import { listKeys } from '../../src/admin/keys.ts'
import { listTokens } from '../../src/admin/tokens.ts'
import { issueTokenFor } from '../../src/admin/tokens.ts'
import type { KeyCandidate } from '../../src/store/store.ts'
import { createUpkeep } from '../../src/upkeep/upkeep.ts'
import { createVerifier, unsafeIgnorePlugin } from '../../src/verifier/index.ts'
import { DAY, RETENTION, upkeepOf } from '../audit/table.ts'
import { adminOf } from '../support/admin.ts'
import { testKey } from '../support/keys.ts'
import { encodeForm, FORM_TYPE, ISSUER, startServer, basic } from '../support/server.ts'
import type { ClientCredentials } from '../support/records.ts'

const HOUR = 60 * 60
const MINUTE = 60
const REQUIRED = { permission: null, plugin: unsafeIgnorePlugin } as const

const start = async () => {
  const monotonic = { now: 0 }
  const server = await startServer({ monotonic: () => monotonic.now })
  await server.audience('api', ['read'])
  /** One process. `restart` begins another one. */
  const upkeep = { now: upkeepOf(server) }
  await upkeep.now.run()
  return {
    ...server,
    jump: (by: number) => server.advance(by),
    run: () => upkeep.now.run(),
    restart() {
      upkeep.now = upkeepOf(server)
    },
    /** Lets time pass with upkeep once a minute, or in longer steps. */
    async pass(seconds: number, step = MINUTE) {
      for (let passed = 0; passed < seconds; passed += step) {
        server.advance(step)
        monotonic.now += step * 1000
        await upkeep.now.run()
      }
    },
    jumps: () => server.lines.filter(({ level, msg }) => level === 40 && msg.includes('the clock')),
  }
}

type Server = Awaited<ReturnType<typeof start>>

let server: Server
beforeEach(async () => {
  server = await start()
})

const client = () => server.client({ grants: { api: ['read'] } })

/** A resource server that may ask for all tokens of the audience. */
const introspecting = () => server.client({ introspects: ['api'] })

const isActive = async (of: ClientCredentials, token: string): Promise<boolean> => {
  const response = await server.request('/oauth/introspect', {
    method: 'POST',
    body: encodeForm({ token }),
    headers: { 'Content-Type': FORM_TYPE, Authorization: basic(of) },
  })
  return ((await response.json()) as { active: boolean }).active
}

const revoke = async (of: ClientCredentials, token: string): Promise<void> => {
  const response = await server.request('/oauth/revoke', {
    method: 'POST',
    body: encodeForm({ token }),
    headers: { 'Content-Type': FORM_TYPE, Authorization: basic(of) },
  })
  expect(response.status).toBe(200)
}

/** Promotes the next key. @returns the former one */
const promote = async (): Promise<string> => {
  const keys = await server.store.listKeys()
  const [from = '', to = ''] = ['active', 'next'].map(
    (state) => keys.find((key) => key.state === state)?.kid,
  )
  await server.store.promoteKeys([{ from, to }], [await testKey('RS256', 3)], server.seconds())
  return from
}

const rules = (): number => server.query('select 1 from revocations').length

/** A resource server with a clock of its own, right or wrong. */
const follow = (ahead: { by: number }) => {
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: 'api',
    follow: 'on-use' as const,
    clock: () => server.deps.clock() - ahead.by * 1000,
    monotonic: () => server.deps.monotonic(),
    fetch: (url) => server.request(url.slice(ISSUER.length)),
  })
  return (token: string): Promise<string> =>
    verifier.verify(token, REQUIRED).then(
      () => 'good',
      (error: { code: string }) => error.code,
    )
}

describe.each([
  ['two hours', 2 * HOUR],
  ['two days', 2 * DAY],
  ['500 days', 500 * DAY],
])('clock %s ahead for 70 seconds', (_name, by) => {
  test('lets no token back in that was revoked before, meanwhile or afterwards', async () => {
    const [single, disabled] = [await client(), await client()]
    const tokens = {
      before: await server.issue(single),
      meanwhile: await server.issue(single),
      afterwards: await server.issue(single),
      disabled: await server.issue(disabled),
    }
    await revoke(single, tokens.before)
    await server.store.revokeClientTokens(disabled.id, server.seconds())
    server.jump(by)
    await server.pass(70, 10)
    await revoke(single, tokens.meanwhile)
    server.jump(-by)
    await server.pass(10, 10)
    await revoke(single, tokens.afterwards)
    const check = follow({ by: 0 })
    for (const token of [tokens.before, tokens.meanwhile, tokens.afterwards]) {
      expect(await isActive(single, token)).toBe(false)
      expect(await check(token)).toBe('token_revoked')
    }
    expect(await check(tokens.disabled)).toBe('token_revoked')
    expect(rules()).toBe(4)
  })

  test.each([
    ['with a right clock', false],
    ['with the same clock', true],
  ])('revives no token at an existing follower %s', async (_which, both) => {
    const [of, other] = [await client(), await client()]
    const [token, disabled] = [await server.issue(of), await server.issue(other)]
    const ahead = { by: 0 }
    const check = follow(ahead)
    expect(await check(token)).toBe('good')
    await revoke(of, token)
    await server.store.revokeClientTokens(other.id, server.seconds())
    await server.pass(10, 10)
    expect(await check(token)).toBe('token_revoked')
    server.jump(by)
    if (!both) ahead.by = by
    for (let i = 0; i < 7; i++) {
      await server.pass(10, 10)
      expect(await check(token)).not.toBe('good')
    }
    server.jump(-by)
    ahead.by = 0
    for (let i = 0; i < 60; i++) {
      await server.pass(10, 10)
      expect(await check(token)).not.toBe('good')
      expect(await check(disabled)).not.toBe('good')
    }
  })

  test('removes nothing, and the log reports it once', async () => {
    const of = await server.client({ grants: { api: ['read'] }, ledger: true })
    await server.issue(of)
    const tokens = () => listTokens(adminOf(server), { client_id: of.id })
    expect((await tokens()).items).toHaveLength(1) // written by now
    const kids = server.query('select kid from signing_keys')
    await server.pass(2 * MINUTE)
    server.jump(by)
    await server.pass(5 * MINUTE)
    expect(server.query(`select 1 from audit_events where action = 'audit.cut'`)).toEqual([])
    expect(server.query('select kid from signing_keys')).toEqual(kids)
    expect(server.jumps()).toHaveLength(1)
    expect(server.jumps()[0]?.msg).toMatch(/^the clock is ahead/)
    expect(server.jumps()[0]).toMatchObject({ aheadSeconds: by })
    server.jump(-by)
    await server.pass(5 * MINUTE)
    expect(server.jumps()).toHaveLength(1)
    expect((await tokens()).items).toHaveLength(1)
  })

  test('issues tokens that are not good before their time, and are revoked with their client', async () => {
    const of = await client()
    server.jump(by)
    const [token, issued] = [await server.issue(of), server.seconds()]
    await server.pass(70, 10)
    server.jump(-by)
    await server.pass(MINUTE)
    expect(await isActive(of, token)).toBe(false)
    await server.store.revokeClientTokens(of.id, server.seconds())
    const [rule] = server.query(`select expires_at as ends from revocations where kind = 'client'`)
    expect(rule?.['ends']).toBeGreaterThanOrEqual(issued + RULE_RETENTION_SECONDS)
  })
})

describe('clock two days ahead', () => {
  /** The change that revokes the token, for each kind of rule. */
  const KINDS: Record<string, (of: ClientCredentials) => Promise<void>> = {
    client: (of) => server.setStatus(of.id, 'disabled'),
    plugin: () => server.store.revokePluginTokens('bot', server.seconds()),
    workspace: () => server.setWorkspaceStatus('acme', 'suspended'),
    run: () => server.store.closeRun({ workspaceId: 'acme', identifier: 'run' }, server.seconds()),
    key: () => server.store.revokeKeys('all', spareKeys, server.seconds()),
  }
  let spareKeys: KeyCandidate[]

  test.each(Object.keys(KINDS))(
    'lets no token back in at introspection or at old and new followers: %s',
    async (kind) => {
      await server.workspace('acme')
      const run = { type: 'tool_run', project_id: 'p', locations: '*', actions: '*' }
      const of = await server.client({
        workspaceId: 'acme',
        plugins: ['bot'],
        grants: { api: ['read'] },
        details: [{ ...run, identifier: 'run' }],
      })
      const asking = await introspecting()
      const token = await server.issue(of, {
        authorization_details: JSON.stringify([{ type: 'tool_run', identifier: 'run' }]),
      })
      spareKeys = await Promise.all([3, 4].map((number) => testKey('RS256', number)))
      const old = follow({ by: 0 })
      expect(await old(token)).toBe('good')
      expect(await isActive(asking, token)).toBe(true)
      await KINDS[kind]?.(of)
      const refused = async () => {
        expect(await isActive(asking, token)).toBe(false)
        for (const check of [old, follow({ by: 0 })]) expect(await check(token)).not.toBe('good')
      }
      await server.pass(10, 10)
      await refused()
      server.jump(2 * DAY)
      await server.pass(70, 10)
      server.jump(-2 * DAY)
      for (let i = 0; i < 10; i++) {
        await server.pass(MINUTE)
        await refused()
      }
    },
  )

  test('removes no key from the JWKS, and lets none sign early', async () => {
    const admin = adminOf(server)
    const [of, token] = [await introspecting(), await server.issue(await client())]
    spareKeys = await Promise.all([3, 4].map((number) => testKey('RS256', number)))
    const keys = await server.store.listKeys()
    const [from = '', to = ''] = ['active', 'next'].map(
      (state) => keys.find((key) => key.state === state)?.kid,
    )
    await server.store.promoteKeys([{ from, to }], spareKeys.slice(0, 1), server.seconds())
    const kids = async () => {
      const response = await server.request('/.well-known/jwks.json')
      return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
    }
    const before = await kids()
    expect(before).toHaveLength(3)
    server.jump(2 * DAY)
    await server.pass(70, 10)
    expect(await kids()).toEqual(before)
    expect((await listKeys(admin)).items.map(({ kid }) => kid)).toContain(from)
    await expect(rotateKeys(admin)).rejects.toMatchObject({ code: 'key_too_young' })
    server.jump(-2 * DAY)
    expect(await isActive(of, token)).toBe(true)
  })

  test('extends a rule to the end of a token that a command issued', async () => {
    const of = await client()
    server.jump(2 * DAY)
    const issued = server.seconds()
    await issueTokenFor(adminOf(server), of.id, {
      audience: 'api',
      scope: undefined,
      pluginId: undefined,
    })
    server.jump(-2 * DAY)
    await server.store.revokeClientTokens(of.id, server.seconds())
    const [rule] = server.query(`select expires_at as ends from revocations where kind = 'client'`)
    expect(rule?.['ends']).toBeGreaterThanOrEqual(issued + RULE_RETENTION_SECONDS)
  })
})

describe('clock of a follower alone', () => {
  test.each([
    ['two hours ahead', 2 * HOUR],
    ['two days ahead', 2 * DAY],
    ['500 days ahead', 500 * DAY],
    ['two hours behind', -2 * HOUR],
    ['two days behind', -2 * DAY],
  ])('%s for 70 seconds revives no token', async (_name, by) => {
    const [of, other] = [await client(), await client()]
    const [token, disabled] = [await server.issue(of), await server.issue(other)]
    const ahead = { by: 0 }
    const check = follow(ahead)
    expect(await check(token)).toBe('good')
    await revoke(of, token)
    await server.setStatus(other.id, 'disabled')
    await server.pass(10, 10)
    const refused = async () => {
      for (const revoked of [token, disabled]) expect(await check(revoked)).not.toBe('good')
    }
    await refused()
    ahead.by = -by
    for (let i = 0; i < 7; i++) {
      await server.pass(10, 10)
      await refused()
    }
    ahead.by = 0
    for (let i = 0; i < 20; i++) {
      await server.pass(MINUTE)
      await refused()
    }
  })
})

describe('clock 500 days behind for 70 seconds', () => {
  const behind = async () => {
    server.jump(-500 * DAY)
    await server.pass(70, 10)
  }

  test('lets nothing look old that was made meanwhile', async () => {
    await server.pass(2 * HOUR, HOUR / 2)
    await behind()
    const of = await client()
    server.sql(`update clients set unused_after = 30 * 86400 where id = '${of.id}'`)
    const from = await promote()
    server.jump(500 * DAY)
    await server.pass(2 * HOUR, HOUR / 2)
    expect((await server.store.findClient(of.id))?.status).toBe('active')
    expect((await server.store.listKeys()).map(({ kid }) => kid)).toContain(from)
    expect(server.query(`select 1 from audit_events where action = 'audit.cut'`)).toEqual([])
  })

  test('causes one line in the log, with behindSeconds', async () => {
    await server.pass(2 * MINUTE)
    await behind()
    await server.pass(2 * MINUTE)
    expect(server.jumps()).toHaveLength(1)
    expect(server.jumps()[0]).toMatchObject({ behindSeconds: 500 * DAY })
    expect(server.jumps()[0]).not.toHaveProperty('aheadSeconds')
    expect(server.jumps()[0]?.msg).toMatch(/^the clock is behind/)
  })
})

describe('database that begins with a clock 500 days ahead', () => {
  test('has no key from the future after the right clock is believed', async () => {
    await promote()
    server.jump(-500 * DAY)
    await server.pass(CLOCK_CONFIRM_SECONDS + 2 * HOUR, HOUR / 2)
    const times = server.query(
      'select max(created_at, coalesce(activated_at, 0), coalesce(retired_at, 0)) as at from signing_keys',
    ) as { at: number }[]
    expect(times.length).toBeGreaterThan(1)
    expect(times.filter(({ at }) => at > server.seconds())).toEqual([])
  })
})

describe('process that starts with a clock 500 days ahead', () => {
  const old = async (): Promise<string> => {
    const of = await client()
    server.sql(`update clients set unused_after = 86400 where id = '${of.id}'`)
    for (let i = 0; i < 5; i++) await server.audit.write({ ...EVENT, target: `${i}` })
    await server.run()
    server.sql(`insert into enrollments
      (id, name, hash, workspace_id, plugins, grants, details, created_at, expires_at)
      values ('e', 'e', 'h', 'default', '[]', '[]', '[]', ${server.seconds()}, ${server.seconds()})`)
    await server.store.closeRun({ workspaceId: 'default', identifier: 'run' }, server.seconds())
    return of.id
  }
  const EVENT = { actor: 'a', action: 'b', outcome: 'success' } as const
  const kept = (id: string) => [
    server.query(`select 1 from audit_events where action = 'b'`).length,
    server.query(`select 1 from clients where id = '${id}' and status = 'active'`).length,
    server.query('select 1 from enrollments').length,
    server.query(`select 1 from revocations where kind = 'run'`).length,
  ]

  test('removes nothing for as long as a token lives, however often it starts anew', async () => {
    const id = await old()
    server.jump(500 * DAY)
    for (let i = 0; i < 6; i++) {
      server.restart()
      await server.pass(3 * HOUR, HOUR)
      expect(kept(id)).toEqual([5, 1, 1, 1])
    }
  })

  test('believes the clock a day later, and then removes everything that is due', async () => {
    const id = await old()
    server.jump(500 * DAY)
    server.restart()
    await server.pass(CLOCK_CONFIRM_SECONDS + 2 * HOUR, HOUR / 2)
    expect(kept(id)).toEqual([0, 0, 0, 0])
    expect(server.lines.map(({ msg }) => msg)).toContain(
      'the clock agrees with the time that has passed',
    )
  })

  test('counts the time that has passed, and no jumps that are set back', async () => {
    const id = await old()
    for (let i = 0; i < 10; i++) {
      server.jump(500 * DAY)
      await server.pass(6 * HOUR, HOUR)
      server.jump(-500 * DAY)
      await server.pass(HOUR, HOUR)
    }
    expect(kept(id).slice(0, 2)).toEqual([5, 0]) // unused for two days, which have passed
  })
})

test('many small steps ahead do not count as time that has passed', async () => {
  const of = await client()
  const token = await server.issue(of)
  await revoke(of, token)
  for (let i = 0; i < 100; i++) {
    server.jump(59)
    await server.pass(10, 10)
  }
  server.jump(-100 * 59)
  await server.run()
  expect(rules()).toBe(1)
  expect(await isActive(of, token)).toBe(false)
})

test('revocation ends a secret that only looked expired', async () => {
  const of = await client()
  const [secret] = server.query(`select id, hash from client_secrets where client_id = '${of.id}'`)
  server.sql(`update client_secrets set expires_at = ${server.seconds() + HOUR}`)
  server.jump(2 * HOUR)
  await server.store.revokeSecret(of.id, String(secret?.['id']), server.seconds())
  server.jump(-2 * HOUR)
  const hash = String(secret?.['hash'])
  expect(await server.store.findLogin(of.id, hash, server.seconds())).toBeNull()
})

test('clock that was believed ahead and is set back revives no token whose rule was pruned', async () => {
  await server.pass(MINUTE)
  server.jump(3 * HOUR)
  await server.pass(CLOCK_CONFIRM_SECONDS + HOUR, HOUR / 2)
  const of = await client()
  const token = await server.issue(of)
  await revoke(of, token)
  await server.pass(2 * HOUR, HOUR / 2)
  expect(rules()).toBe(0)
  server.jump(-3 * HOUR)
  await server.pass(MINUTE)
  expect(await isActive(of, token)).toBe(false)
})

test('clock that is behind at a revocation keeps its rule long enough', async () => {
  const of = await client()
  await server.pass(MINUTE)
  const last = server.seconds()
  server.jump(-3 * HOUR)
  await server.store.revokeClientTokens(of.id, server.seconds())
  const [rule] = server.query(`select expires_at as ends from revocations where kind = 'client'`)
  expect(rule?.['ends']).toBeGreaterThanOrEqual(last + RULE_RETENTION_SECONDS)
})

describe('scheduled upkeep on a platform that ends processes', () => {
  const tick = () =>
    createUpkeep({
      ...server.deps,
      audit: server.audit,
      lastUsed: server.lastUsed,
      ledger: null,
      livesBy: 'schedule',
      retentionSeconds: RETENTION,
    }).run()
  const settled = () => server.query('select settled_at as at from server_clock')[0]?.['at']

  test('counts a minute as a minute, and a jump as a minute and a half', async () => {
    const from = server.seconds()
    for (let i = 0; i < 10; i++) {
      server.jump(MINUTE)
      await tick()
    }
    expect(settled()).toBe(from + 10 * MINUTE)
    server.jump(500 * DAY)
    await tick()
    expect(settled()).toBe(from + 11.5 * MINUTE)
    server.jump(MINUTE - 500 * DAY)
    await tick()
    await tick()
    expect(settled()).toBe(from + 11.5 * MINUTE)
    expect(server.jumps()).toHaveLength(1)
  })
})
