// Sends a storm of tokens with unknown keys to a resource server. It keeps accepting valid tokens. It accepts those of a
// new key within seconds, without answering token_untrusted.
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { addHookClient } from '../support/database.ts'
import { createCaller, send } from '../support/http.ts'
import {
  latchkey,
  newDirectory,
  newPlace,
  start,
  startServer,
  until,
} from '../support/processes.ts'
import { cpuMs } from './process-cost.ts'
import { unknownToken } from './attacks/unknown-kids.ts'

const SCRIPT = fileURLToPath(new URL('resource-server.mjs', import.meta.url))
const CONNECTIONS = 60
/** Time within which a resource server learns a new key, in milliseconds. The storm limits how often it asks the issuer. */
const NEW_KEY_MS = 10_000

const startResourceServer = async (issuer: string) => {
  const environment = { FOLLOWER: JSON.stringify({ issuer, audience: 'hook' }) }
  const { child, said } = start({ directory: newDirectory(), environment }, [], SCRIPT)
  const port = await until('the resource server', () => /^\d+\n/.exec(said.stdout)?.[0].trim())
  const verify = async (token: string): Promise<string> => {
    const headers = { Authorization: `Bearer ${token}` }
    return (await send(`http://127.0.0.1:${port}/`, { headers })).text
  }
  return { pid: child.pid ?? 0, verify }
}

it('a storm of unknown keys at a resource server', async () => {
  const place = await newPlace()
  const server = await startServer(place)
  const client = await addHookClient(place)
  const call = createCaller(place.url)
  const resource = await startResourceServer(place.url)
  const old = await call.issue(client)
  expect(await resource.verify(old)).toBe('good')

  let storming = true
  let refused = 0
  const storm = Array.from({ length: CONNECTIONS }, async () => {
    while (storming) {
      expect(await resource.verify(unknownToken())).not.toBe('good')
      refused += 1
      await sleep(5)
    }
  })
  await sleep(2_000)
  // Twice: the resource server has had the first successor from the start.
  for (let i = 0; i < 2; i++) {
    expect((await latchkey(place, ['key', 'rotate', '--now'])).code).toBe(0)
  }
  const fresh = await call.issue(client)
  const began = Date.now()
  const codes = new Set<string>()
  const took = await until('the token of the new key', async () => {
    expect(await resource.verify(old)).toBe('good')
    const answer = await resource.verify(fresh)
    codes.add(answer)
    return answer === 'good' && Date.now() - began + 1
  })
  storming = false
  await Promise.all(storm)
  const before = cpuMs(server.pid)
  console.log(
    `unknown keys at a resource server: ${refused} refused, a new key known after ${took} ms, said ` +
      `${[...codes].join(', ')}, ${before} ms of the issuer's CPU`,
  )
  expect(took).toBeLessThan(NEW_KEY_MS)
  // Answered with 503: clients drop a token on 401 (token_untrusted).
  expect([...codes].filter((said) => said !== 'good' && said !== 'keys_unavailable')).toEqual([])
  await server.stop()
})
