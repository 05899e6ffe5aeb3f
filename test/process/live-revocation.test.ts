// Revocations from the command line: they are effective at once in a running server and in resource
// servers that follow it.
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

describe.concurrent('token is refused when the command has ended', () => {
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

  it('audience update without a permission revokes the tokens with it', async () => {
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

// Tests that revoke the tokens of all clients: no other test may run beside them.
describe('key revocation', () => {
  type Key = { kid: string; state: string }
  const inState = (keys: Key[], state: string) =>
    keys.filter((key) => key.state === state).map(({ kid }) => kid)

  it('makes the next key sign and removes the revoked key from the JWKS', async () => {
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

  it('makes two new keys and revokes every token with --all', async () => {
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

  it('leaves other rules in force', async () => {
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
