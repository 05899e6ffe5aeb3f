// Number of followers of one server.
import { expect, it } from 'vitest'
import { startFollower } from '../support/followers.ts'
import { createCaller } from '../support/http.ts'
import { addHookClient } from '../support/database.ts'
import { seededPlace, startServer, until } from '../support/processes.ts'

const FOLLOWERS = 1_000

const metric = async (url: string, name: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}

export const scale = (): void => {
  it(`${FOLLOWERS} followers of one server all receive a rule`, async () => {
    const place = await seededPlace()
    const server = await startServer(place)
    const call = createCaller(place.url)
    const client = await addHookClient(place)
    const token = await call.issue(client)
    const one = await startFollower({ issuer: place.url, audience: 'hook' })
    const alone = await one.memory()
    const followers = await startFollower({
      issuer: place.url,
      audience: 'hook',
      count: FOLLOWERS,
    })
    await until(
      'all to wait',
      async () => (await metric(place.url, 'latchkey_revocation_waiters')) > FOLLOWERS,
    )
    followers.watch({ t: token })
    await until('all to take the token', () => followers.seen('t').length === FOLLOWERS)
    const cpu = () => metric(place.url, 'process_cpu_seconds_total')
    const before = await cpu()
    await call.revoke(client, token)
    const revokedAt = Date.now()
    const refused = await until('all to refuse the token', () => {
      const seen = followers.seen('t').filter(({ code }) => code === 'token_revoked')
      return seen.length === FOLLOWERS && seen
    })
    const times = refused.map(({ at }) => at - revokedAt).toSorted((a, b) => a - b)
    const perFollower = ((await followers.memory()) - alone) / (FOLLOWERS - 1) / 1024
    const cpuPerFollower = (((await cpu()) - before) / FOLLOWERS) * 1e6
    console.log(
      `${FOLLOWERS} followers in one process: ready in ${Math.round(followers.readyMs)} ms; a rule reached ` +
        `the first after ${times[0]} ms, half after ${times[FOLLOWERS / 2]} ms, the last after ${times.at(-1)} ms; ` +
        `each follower takes ${perFollower.toFixed(0)} KiB there and ${cpuPerFollower.toFixed(0)} µs of the server for each rule`,
    )
    expect(new Set(followers.seen('t').map(({ code }) => code))).toEqual(
      new Set(['good', 'token_revoked']),
    )
    await followers.kill()
    await one.kill()
    await server.stop()
  })
}
