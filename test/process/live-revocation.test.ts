// What is taken back on the command line is gone, at once, from a server that is already running.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecords } from '../support/database.ts'
import { INACTIVE, createCaller } from '../support/http.ts'
import { decode } from '../support/jwt.ts'
import { type Place, latchkeyJson, newPlace, startServer } from '../support/processes.ts'
import type { ClientCredentials } from '../support/records.ts'

let place: Place
let call: ReturnType<typeof createCaller>
let records: ReturnType<typeof openRecords>
/** May introspect all that is issued here. */
let inspector: ClientCredentials

beforeAll(async () => {
  place = await newPlace()
  await startServer(place)
  call = createCaller(place.url)
  records = openRecords(place)
  await records.audience('docs', ['read', 'write>read'])
  inspector = await records.client({ introspects: ['docs'] })
})
afterAll(() => records.close())

const active = async (token: string): Promise<boolean> => {
  const answer = await call.introspect(inspector, token)
  if (answer !== INACTIVE) expect(JSON.parse(answer)).toMatchObject({ active: true })
  return answer !== INACTIVE
}

const command = (...args: string[]) => latchkeyJson(place, args)

/** Something of its own for each case, all of the same name. */
type Made = { id: string; client: ClientCredentials; token: string }

type Case = {
  take: (made: Made) => Promise<unknown>
  /** Lets a new token be issued where `take` has stopped that. */
  giveBack?: (made: Made) => Promise<unknown>
  /** The end of the client: no new token, ever. */
  final?: true
}

let made = 0
const make = async (): Promise<Made> => {
  const id = `made-${++made}`
  await records.plugin(id, { trust: 'trusted', capabilities: ['mail', 'chat'] })
  await records.workspace(id)
  const grants = { docs: ['read', 'write'] }
  const client = await records.client({ workspaceId: id, plugins: [id], grants })
  return { id, client, token: await call.issue(client) }
}

const CASES: Record<string, Case> = {
  'client disable': {
    take: ({ client }) => command('client', 'disable', client.id),
    giveBack: ({ client }) => command('client', 'enable', client.id),
  },
  'client revoke-tokens': {
    take: ({ client }) => command('client', 'revoke-tokens', client.id),
  },
  'client delete': {
    take: ({ client }) => command('client', 'delete', client.id),
    final: true,
  },
  'client grant, narrower': {
    take: ({ client }) => command('client', 'grant', client.id, '--grant', 'docs=read'),
  },
  'client grant, without the plugin': {
    take: ({ client, id }) => command('client', 'grant', client.id, '--remove-plugin', id),
  },
  'plugin revoke-tokens': {
    take: ({ id }) => command('plugin', 'revoke-tokens', id),
  },
  'plugin update, less trust': {
    take: ({ id }) => command('plugin', 'update', id, '--trust', 'restricted'),
  },
  'plugin update, a capability less': {
    take: ({ id }) => command('plugin', 'update', id, '--capability', 'mail'),
  },
  'workspace suspend': {
    take: ({ id }) => command('workspace', 'suspend', id),
    giveBack: ({ id }) => command('workspace', 'resume', id),
  },
  'token revoke': {
    take: ({ token }) => latchkeyJson(place, ['token', 'revoke', '-'], token),
  },
}

describe.concurrent('a token is dead with the end of the command', () => {
  it.each(Object.entries(CASES))('%s', async (_, { take, giveBack, final }) => {
    const mine = await make()
    const other = await make()
    expect(await active(mine.token)).toBe(true)
    await take(mine)
    expect(await call.introspect(inspector, mine.token)).toBe(INACTIVE)
    expect(await active(other.token)).toBe(true)

    if (giveBack || final) expect((await call.requestToken(mine.client)).status).toBe(401)
    if (final) return
    await giveBack?.(mine)
    expect(await active(await call.issue(mine.client))).toBe(true)
    expect(await call.introspect(inspector, mine.token)).toBe(INACTIVE)
  })

  it('audience update, a permission less: whoever has it needs a new token', async () => {
    await records.audience('shop', ['buy', 'sell'])
    const buyer = await records.client({ grants: { shop: ['buy'] } })
    const seller = await records.client({ grants: { shop: ['buy', 'sell'] } })
    const tokens = [await call.issue(buyer), await call.issue(seller)] as const
    await command('audience', 'update', 'shop', '--permission', 'buy')
    expect(await call.introspect(buyer, tokens[0])).toContain('"active":true')
    expect(await call.introspect(seller, tokens[1])).toBe(INACTIVE)
    const again = await call.issue(seller)
    expect(decode(again).claims['scope']).toBe('buy')
    expect(await call.introspect(seller, again)).toContain('"active":true')
    expect(await call.introspect(seller, tokens[1])).toBe(INACTIVE)
  })
})

describe('keys', () => {
  type Key = { kid: string; state: string }
  const inState = (keys: Key[], state: string) =>
    keys.filter((key) => key.state === state).map(({ kid }) => kid)

  it('key revoke: the former next key signs, the revoked one is published no more', async () => {
    const { client, token } = await make()
    const [active0, next0] = await call.kids()
    expect(decode(token).header['kid']).toBe(active0)
    const keys = await latchkeyJson<Key[]>(place, ['key', 'revoke', String(active0)])
    expect(await call.introspect(inspector, token)).toBe(INACTIVE)

    expect(inState(keys, 'revoked')).toEqual([active0])
    expect(inState(keys, 'active')).toEqual([next0])
    const published = await call.kids()
    expect(published).toEqual([next0, ...inState(keys, 'next')])
    expect(published).toHaveLength(2)
    const again = await call.issue(client)
    expect(decode(again).header['kid']).toBe(next0)
    expect(await active(again)).toBe(true)
    expect(await call.introspect(inspector, token)).toBe(INACTIVE)
  })

  it('key revoke --all: two new keys, every token dead', async () => {
    const { client, token } = await make()
    const before = await call.kids()
    await command('key', 'revoke', '--all')
    expect(await call.introspect(inspector, token)).toBe(INACTIVE)
    const published = await call.kids()
    expect(published).toHaveLength(2)
    expect(published.filter((kid) => before.includes(kid))).toEqual([])
    const again = await call.issue(client)
    expect(decode(again).header['kid']).toBe(published[0])
    expect(await active(again)).toBe(true)
  })
})
