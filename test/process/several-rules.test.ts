// Several rules on one token: the strictest applies, and lifting one of them lifts no other.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Name, type TakingBack, ofRun, startTakingBack } from '../support/taking-back.ts'

let setting: TakingBack
beforeAll(async () => {
  setting = await startTakingBack()
})
afterAll(() => setting.records.close())

describe.concurrent('several rules on one client', () => {
  const BOTH: [first: Name, second: Name][] = [
    ['client revoke-tokens', 'plugin revoke-tokens'],
    ['plugin revoke-tokens', 'client revoke-tokens'],
    ['workspace suspend', 'client disable'],
    ['client disable', 'workspace suspend'],
    ['run revoke', 'workspace suspend'],
    ['token revoke', 'plugin revoke-tokens'],
  ]

  it.each(BOTH)(
    'revoke a token that is newer than the first rule: %s, then %s',
    async (first, second) => {
      const mine = await setting.make()
      await setting.cases[first].take(mine)
      await setting.cases[first].giveBack?.(mine)
      const between = await setting.issueAgain(mine)
      await setting.judges.accept(between)
      await setting.cases[second].take(mine)
      await setting.judges.refuse(between)
      await setting.cases[second].giveBack?.(mine)
      await setting.judges.accept(await setting.issueAgain(mine))
      for (const token of [mine.token, between]) await setting.judges.refuse(token)
    },
  )

  const HELD: [given: Name, kept: Name][] = [
    ['client disable', 'workspace suspend'],
    ['workspace suspend', 'client disable'],
  ]

  it.each(HELD)(
    'refuse tokens while one remains: %s is lifted, %s remains',
    async (given, kept) => {
      const mine = await setting.make()
      await setting.cases[given].take(mine)
      await setting.cases[kept].take(mine)
      await setting.cases[given].giveBack?.(mine)
      await setting.judges.refuse(mine.token)
      expect((await setting.requestAgain(mine)).status).toBe(401)
      await setting.cases[kept].giveBack?.(mine)
      await setting.judges.accept(await setting.issueAgain(mine))
      await setting.judges.refuse(mine.token)
    },
  )

  it('keep a run closed when its workspace is resumed', async () => {
    const mine = await setting.make()
    await setting.cases['run revoke'].take(mine)
    await setting.cases['workspace suspend'].take(mine)
    await setting.cases['workspace suspend'].giveBack?.(mine)
    const { status, text } = await setting.call.requestToken(mine.client, ofRun(mine.id))
    expect([status, JSON.parse(text)]).toMatchObject([
      400,
      { error: 'invalid_authorization_details' },
    ])
    await setting.judges.accept(await setting.issueAgain(mine))
    await setting.judges.refuse(mine.token)
  })

  it('keep a revoked token inactive when its client is enabled', async () => {
    const mine = await setting.make()
    const spared = await setting.issueAgain(mine)
    await setting.judges.accept(spared)
    await setting.cases['token revoke'].take(mine)
    await setting.judges.refuse(mine.token)
    await setting.judges.accept(spared)
    await setting.cases['client disable'].take(mine)
    await setting.cases['client disable'].giveBack?.(mine)
    for (const token of [mine.token, spared]) await setting.judges.refuse(token)
  })
})
