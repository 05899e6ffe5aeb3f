// What is taken back on the command line is gone, at once, from a server that is already running, and from
// resource servers that follow it. Of several rules on one token the strictest wins.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecords } from '../support/database.ts'
import { createCaller } from '../support/http.ts'
import { type Judges, startJudges } from '../support/judges.ts'
import { decode } from '../support/jwt.ts'
import { type Place, latchkeyJson, newPlace, startServer } from '../support/processes.ts'
import type { ClientCredentials } from '../support/records.ts'

let place: Place
let call: ReturnType<typeof createCaller>
let records: ReturnType<typeof openRecords>
let judges: Judges

beforeAll(async () => {
  place = await newPlace()
  await startServer(place)
  call = createCaller(place.url)
  records = openRecords(place)
  await records.audience('docs', ['read', 'write>read'])
  judges = await startJudges(place, 'docs', await records.client({ introspects: ['docs'] }))
})
afterAll(() => records.close())

const command = (...args: string[]) => latchkeyJson(place, args)
const commandWith = (stdin: string, ...args: string[]) => latchkeyJson(place, args, stdin)

/** Something of its own for each case, all of the same name. */
type Made = { id: string; client: ClientCredentials; token: string }

type Case = {
  take: (made: Made) => Promise<unknown>
  /** Lets a new token be issued where `take` has stopped that. */
  giveBack?: (made: Made) => Promise<unknown>
  /** The end of the client: no new token, ever. */
  final?: true
}

const playlist = (id: string) => ({
  ...{ type: 'playlist', identifier: id, actions: '*', parts: ['a', 'b'] },
})
const RUN = { type: 'tool_run', identifier: '*', project_id: 'p', locations: '*', actions: '*' }

const asking = (...details: Record<string, string>[]) => ({
  authorization_details: JSON.stringify(details),
})

let runs = 0
const ofRun = (identifier: string) => asking({ type: 'tool_run', identifier })
/** A token of a run that nobody has closed. */
const issueAgain = ({ client }: Made) => call.issue(client, ofRun(`run-${++runs}`))
const requestAgain = ({ client }: Made) => call.requestToken(client, ofRun(`run-${++runs}`))

let made = 0
/** Its token names the plugin, the resource and the run of its name. */
const make = async (): Promise<Made> => {
  const id = `made-${++made}`
  await records.plugin(id, { trust: 'trusted', capabilities: ['mail', 'chat'] })
  await records.workspace(id)
  await records.resource('playlist', id, id, ['a', 'b'])
  const client = await records.client({
    ...{ workspaceId: id, plugins: [id], details: [playlist(id), RUN] },
    grants: { docs: ['read', 'write'] },
  })
  const asked = asking({ type: 'playlist' }, { type: 'tool_run', identifier: id })
  const token = await call.issue(client, asked)
  await judges.accept(token)
  return { id, client, token }
}

const CASES = {
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
  'client details, an entry less': {
    take: ({ client }) => commandWith(JSON.stringify([RUN]), 'client', 'details', client.id, '-'),
  },
  'client details, an entry narrower': {
    take: ({ client, id }) => {
      const details = [{ ...playlist(id), parts: ['a'] }, RUN]
      return commandWith(JSON.stringify(details), 'client', 'details', client.id, '-')
    },
  },
  'resource put, a part less': {
    take: ({ id }) => command('resource', 'put', 'playlist', id, '--part', 'a'),
  },
  'resource delete': {
    take: ({ id }) => command('resource', 'delete', 'playlist', id),
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
  'run revoke': {
    take: ({ id }) => command('run', 'revoke', id, '--workspace', id),
  },
  'token revoke': {
    take: ({ token }) => commandWith(token, 'token', 'revoke', '-'),
  },
} satisfies Record<string, Case>

type Name = keyof typeof CASES
const ALL: Record<Name, Case> = CASES

describe.concurrent('a token is dead with the end of the command', () => {
  it.each(Object.entries(ALL))('%s', async (_, { take, giveBack, final }) => {
    const mine = await make()
    const other = await make()
    await take(mine)
    await judges.refuse(mine.token)
    await judges.accept(other.token)

    if (giveBack || final) expect((await requestAgain(mine)).status).toBe(401)
    if (final) return
    await giveBack?.(mine)
    await judges.accept(await issueAgain(mine))
    await judges.refuse(mine.token)
  })

  it('audience update, a permission less: whoever has it needs a new token', async () => {
    await records.audience('shop', ['buy', 'sell'])
    const buyer = await records.client({ grants: { shop: ['buy'] }, introspects: ['shop'] })
    const seller = await records.client({ grants: { shop: ['buy', 'sell'] } })
    const shop = await startJudges(place, 'shop', buyer)
    const [bought, sold] = [await call.issue(buyer), await call.issue(seller)]
    await shop.accept(bought)
    await shop.accept(sold)
    await command('audience', 'update', 'shop', '--permission', 'buy')
    await shop.refuse(sold)
    await shop.accept(bought)
    const again = await call.issue(seller)
    expect(decode(again).claims['scope']).toBe('buy')
    await shop.accept(again)
    await shop.refuse(sold)
  })
})

describe.concurrent('several rules on one client', () => {
  const BOTH: [first: Name, second: Name][] = [
    ['client revoke-tokens', 'plugin revoke-tokens'],
    ['plugin revoke-tokens', 'client revoke-tokens'],
    ['workspace suspend', 'client disable'],
    ['client disable', 'workspace suspend'],
    ['run revoke', 'workspace suspend'],
    ['token revoke', 'plugin revoke-tokens'],
  ]

  it.each(BOTH)('%s, and then %s: a token newer than the first is dead', async (first, second) => {
    const mine = await make()
    await ALL[first].take(mine)
    await ALL[first].giveBack?.(mine)
    const between = await issueAgain(mine)
    await judges.accept(between)
    await ALL[second].take(mine)
    await judges.refuse(between)
    await ALL[second].giveBack?.(mine)
    await judges.accept(await issueAgain(mine))
    for (const token of [mine.token, between]) await judges.refuse(token)
  })

  const HELD: [given: Name, kept: Name][] = [
    ['client disable', 'workspace suspend'],
    ['workspace suspend', 'client disable'],
  ]

  it.each(HELD)('%s is given back, %s is not: no token', async (given, kept) => {
    const mine = await make()
    await ALL[given].take(mine)
    await ALL[kept].take(mine)
    await ALL[given].giveBack?.(mine)
    await judges.refuse(mine.token)
    expect((await requestAgain(mine)).status).toBe(401)
    await ALL[kept].giveBack?.(mine)
    await judges.accept(await issueAgain(mine))
    await judges.refuse(mine.token)
  })

  it('a workspace that is resumed: its closed run stays closed', async () => {
    const mine = await make()
    await ALL['run revoke'].take(mine)
    await ALL['workspace suspend'].take(mine)
    await ALL['workspace suspend'].giveBack?.(mine)
    const { status, text } = await call.requestToken(mine.client, ofRun(mine.id))
    expect([status, JSON.parse(text)]).toMatchObject([
      400,
      { error: 'invalid_authorization_details' },
    ])
    await judges.accept(await issueAgain(mine))
    await judges.refuse(mine.token)
  })

  it('a client that is enabled: the token that was taken back by itself stays dead', async () => {
    const mine = await make()
    const spared = await issueAgain(mine)
    await judges.accept(spared)
    await ALL['token revoke'].take(mine)
    await judges.refuse(mine.token)
    await judges.accept(spared)
    await ALL['client disable'].take(mine)
    await ALL['client disable'].giveBack?.(mine)
    for (const token of [mine.token, spared]) await judges.refuse(token)
  })
})

// These kill the tokens of all: nothing else may run beside them.
describe('keys', () => {
  type Key = { kid: string; state: string }
  const inState = (keys: Key[], state: string) =>
    keys.filter((key) => key.state === state).map(({ kid }) => kid)

  it('key revoke: the former next key signs, the revoked one is published no more', async () => {
    const mine = await make()
    const [active, next] = await call.kids()
    expect(decode(mine.token).header['kid']).toBe(active)
    const keys = await latchkeyJson<Key[]>(place, ['key', 'revoke', String(active)])
    await judges.refuse(mine.token)

    expect(inState(keys, 'revoked')).toEqual([active])
    expect(inState(keys, 'active')).toEqual([next])
    const published = await call.kids()
    expect(published).toEqual([next, ...inState(keys, 'next')])
    expect(published).toHaveLength(2)
    const again = await issueAgain(mine)
    expect(decode(again).header['kid']).toBe(next)
    await judges.accept(again)
    await judges.refuse(mine.token)
  })

  it('key revoke --all: two new keys, every token dead', async () => {
    const mine = await make()
    const before = await call.kids()
    await command('key', 'revoke', '--all')
    await judges.refuse(mine.token)
    const published = await call.kids()
    expect(published).toHaveLength(2)
    expect(published.filter((kid) => before.includes(kid))).toEqual([])
    const again = await issueAgain(mine)
    expect(decode(again).header['kid']).toBe(published[0])
    await judges.accept(again)
    await judges.refuse(mine.token)
  })

  it('a key that is revoked lifts no other rule', async () => {
    const mine = await make()
    await ALL['client disable'].take(mine)
    const [active] = await call.kids()
    await command('key', 'revoke', String(active))
    await judges.refuse(mine.token)
    expect((await requestAgain(mine)).status).toBe(401)
    await ALL['client disable'].giveBack?.(mine)
    await judges.accept(await issueAgain(mine))
    await judges.refuse(mine.token)
  })
})
