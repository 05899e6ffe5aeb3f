// Two judges of a token: introspection, which reads the database, and a follower, which reads the revocation list.
// Introspection refuses a revoked token as soon as the command has ended, a follower after its next request.
import { expect } from 'vitest'
import { startFollower } from './followers.ts'
import { INACTIVE, createCaller } from './http.ts'
import { type Place, until } from './processes.ts'
import type { ClientCredentials } from './records.ts'

/** Refusals by a follower: `token_untrusted` where the key is no longer published, which hides the revocation. */
const REFUSED = /^token_(revoked|untrusted)$/

export type Judges = Awaited<ReturnType<typeof startJudges>>

/** @param inspector client that may introspect the tokens of this audience */
export const startJudges = async (place: Place, audience: string, inspector: ClientCredentials) => {
  const call = createCaller(place.url)
  const follower = await startFollower({ issuer: place.url, audience })
  /** Name under which the follower first accepted a token and still watches it, by token. */
  const taken = new Map<string, string>()
  let watched = 0

  const codes = (id: string): string[] => follower.seen(id).map(({ code }) => code)

  /** Presents a token to the follower. @returns the follower's first code for it */
  const show = async (token: string): Promise<{ id: string; code: string | undefined }> => {
    const id = `token-${++watched}`
    follower.watch({ [id]: token })
    const code = await until('the follower', () => codes(id)[0])
    return { id, code }
  }

  return {
    /** Checks that both judges accept the token, and that the follower has never refused it. */
    async accept(token: string): Promise<void> {
      const answer = await call.introspect(inspector, token)
      expect(JSON.parse(answer)).toMatchObject({ active: true })
      const { id, code } = await show(token)
      expect(code).toBe('good')
      const first = taken.get(token) ?? id
      taken.set(token, first)
      expect(codes(first)).toEqual(['good'])
    },
    /** Checks that both judges refuse a token which the follower accepted before, also when it is presented again. */
    async refuse(token: string): Promise<void> {
      expect(await call.introspect(inspector, token)).toBe(INACTIVE)
      const first = taken.get(token)
      if (first === undefined) throw new Error('the follower has never taken it')
      await until('the follower to refuse a token', () => codes(first).length > 1)
      expect(codes(first)).toEqual(['good', expect.stringMatching(REFUSED)])
      expect((await show(token)).code).toMatch(REFUSED)
    },
  }
}
