// What is taken back on the command line is gone, at once, from a server that is already running, and from
// resource servers that follow it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startJudges } from '../support/judges.ts'
import { decode } from '../support/jwt.ts'
import { latchkeyJson } from '../support/processes.ts'
import { NAMES, type TakingBack, startTakingBack } from '../support/taking-back.ts'

let setting: TakingBack
beforeAll(async () => {
  setting = await startTakingBack()
})
afterAll(() => setting.records.close())

describe.concurrent('a token is dead with the end of the command', () => {
  it.each(NAMES)('%s', async (name) => {
    const { take, giveBack, final } = setting.cases[name]
    const mine = await setting.make()
    const other = await setting.make()
    await take(mine)
    await setting.judges.refuse(mine.token)
    await setting.judges.accept(other.token)

    if (giveBack || final) expect((await setting.requestAgain(mine)).status).toBe(401)
    if (final) return
    await giveBack?.(mine)
    await setting.judges.accept(await setting.issueAgain(mine))
    await setting.judges.refuse(mine.token)
  })

  it('audience update, a permission less: whoever has it needs a new token', async () => {
    await setting.records.audience('shop', ['buy', 'sell'])
    const buyer = await setting.records.client({ grants: { shop: ['buy'] }, introspects: ['shop'] })
    const seller = await setting.records.client({ grants: { shop: ['buy', 'sell'] } })
    const shop = await startJudges(setting.place, 'shop', buyer)
    const [bought, sold] = [await setting.call.issue(buyer), await setting.call.issue(seller)]
    await shop.accept(bought)
    await shop.accept(sold)
    await setting.command('audience', 'update', 'shop', '--permission', 'buy')
    await shop.refuse(sold)
    await shop.accept(bought)
    const again = await setting.call.issue(seller)
    expect(decode(again).claims['scope']).toBe('buy')
    await shop.accept(again)
    await shop.refuse(sold)
  })
})

// These kill the tokens of all: nothing else may run beside them.
describe('keys', () => {
  type Key = { kid: string; state: string }
  const inState = (keys: Key[], state: string) =>
    keys.filter((key) => key.state === state).map(({ kid }) => kid)

  it('key revoke: the former next key signs, the revoked one is published no more', async () => {
    const mine = await setting.make()
    const [active, next] = await setting.call.kids()
    expect(decode(mine.token).header['kid']).toBe(active)
    const keys = await latchkeyJson<Key[]>(setting.place, ['key', 'revoke', String(active)])
    await setting.judges.refuse(mine.token)

    expect(inState(keys, 'revoked')).toEqual([active])
    expect(inState(keys, 'active')).toEqual([next])
    const published = await setting.call.kids()
    expect(published).toEqual([next, ...inState(keys, 'next')])
    expect(published).toHaveLength(2)
    const again = await setting.issueAgain(mine)
    expect(decode(again).header['kid']).toBe(next)
    await setting.judges.accept(again)
    await setting.judges.refuse(mine.token)
  })

  it('key revoke --all: two new keys, every token dead', async () => {
    const mine = await setting.make()
    const before = await setting.call.kids()
    await setting.command('key', 'revoke', '--all')
    await setting.judges.refuse(mine.token)
    const published = await setting.call.kids()
    expect(published).toHaveLength(2)
    expect(published.filter((kid) => before.includes(kid))).toEqual([])
    const again = await setting.issueAgain(mine)
    expect(decode(again).header['kid']).toBe(published[0])
    await setting.judges.accept(again)
    await setting.judges.refuse(mine.token)
  })

  it('a key that is revoked lifts no other rule', async () => {
    const mine = await setting.make()
    await setting.cases['client disable'].take(mine)
    const [active] = await setting.call.kids()
    await setting.command('key', 'revoke', String(active))
    await setting.judges.refuse(mine.token)
    expect((await setting.requestAgain(mine)).status).toBe(401)
    await setting.cases['client disable'].giveBack?.(mine)
    await setting.judges.accept(await setting.issueAgain(mine))
    await setting.judges.refuse(mine.token)
  })
})
