// Stolen signing key: how soon resource servers that cache keys refuse its tokens, and accept
// tokens of its successor.
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { anyPlugin, createVerifier } from '../../src/verifier/index.ts'
import { startCachingProxy } from '../support/caching-proxy.ts'
import { addHookClient } from '../support/database.ts'
import { createCaller } from '../support/http.ts'
import { type Place, createCli, seededPlace, startServer, until } from '../support/processes.ts'
import { codeOf } from '../verifier/support.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

let place: Place
let cli: ReturnType<typeof createCli>
let call: ReturnType<typeof createCaller>
let issue: () => Promise<string>
beforeEach(async () => {
  place = await seededPlace()
  cli = createCli(place)
  const server = await startServer(place)
  closing.push(() => server.stop())
  call = createCaller(place.url)
  const client = await addHookClient(place)
  issue = () => call.issue(client)
})

const activeKid = async (): Promise<string> => (await call.kids())[0] ?? ''

describe('follower behind a shared cache that ignores no-cache', () => {
  const follow = async () => {
    const proxy = await startCachingProxy(0, () => [place.url], { ignoresNoCache: true })
    const verifier = createVerifier({
      issuer: place.url,
      audience: 'hook',
      jwksUri: `${proxy.url}/.well-known/jwks.json`,
      revocationsUri: `${proxy.url}/oauth/revocations`,
    })
    closing.push(proxy.close, verifier.close)
    await verifier.ready()
    const required = { permission: 'hook:track', plugin: anyPlugin } as const
    return { verifier, check: (token: string) => codeOf(verifier.verify(token, required)) }
  }

  it.each(['key revoke --all', 'restored', 'key revoke KID', 'key revoke KID --force-refetch'])(
    'refuses old tokens and accepts new ones while the cache has the old keys: %s',
    async (command) => {
      const { check, verifier } = await follow()
      const old = await issue()
      expect(await check(old)).toBe('good')
      await cli.json(command.replace('KID', await activeKid()))
      await until('the refusal', async () => (await check(old)).startsWith('token_'))
      const fresh = await issue()
      expect(await check(fresh)).toBe('good')
      expect(await check(old)).toMatch(/^token_(revoked|untrusted)$/)
      expect(verifier.status()).toMatchObject({
        revocations: { stale: false },
        jwks: { lastFailure: null },
      })
    },
  )
})

describe('gateway that only reads the JWKS', () => {
  /** Keeps the keys without a limit, and fetches them again for an unknown kid. */
  const gateway = () => {
    const url = new URL(`${place.url}/.well-known/jwks.json`)
    const keys = createRemoteJWKSet(url, { cooldownDuration: 0, cacheMaxAge: Infinity })
    return (token: string): Promise<boolean> =>
      jwtVerify(token, keys).then(
        () => true,
        () => false,
      )
  }

  it('trusts a revoked key whose successor it has cached, until --force-refetch', async () => {
    const accepts = gateway()
    const [stolen, old] = [await activeKid(), await issue()]
    expect(await accepts(old)).toBe(true)
    expect(await cli.json(`key revoke ${stolen}`)).toBeInstanceOf(Array)
    expect([await accepts(await issue()), await accepts(old)]).toEqual([true, true])
    await cli.json(`key revoke ${stolen} --force-refetch`)
    expect([await accepts(await issue()), await accepts(old)]).toEqual([true, false])
  })

  it('refuses a revoked key with the next token when --force-refetch was used', async () => {
    const accepts = gateway()
    const [stolen, old] = [await activeKid(), await issue()]
    expect(await accepts(old)).toBe(true)
    await cli.json(`key revoke ${stolen} --force-refetch`)
    expect([await accepts(await issue()), await accepts(old)]).toEqual([true, false])
  })
})
