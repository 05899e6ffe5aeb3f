// Who says whether a token is good: introspection, which looks into the database, and a follower, which has heard
// of what was taken back. A follower hears of it in a moment; introspection knows it with the end of the command.
import { expect } from 'vitest'
import { startFollower } from './followers.ts'
import { INACTIVE, createCaller } from './http.ts'
import { type Place, until } from './processes.ts'
import type { ClientCredentials } from './records.ts'

/** Of a key that is published no more a follower cannot even say that it was revoked. */
const REFUSED = /^token_(revoked|untrusted)$/

export type Judges = Awaited<ReturnType<typeof startJudges>>

/** @param inspector may introspect the tokens of this audience */
export const startJudges = async (place: Place, audience: string, inspector: ClientCredentials) => {
  const call = createCaller(place.url)
  const follower = await startFollower({ issuer: place.url, audience })
  /** Under which name the follower has first taken a token, and looks at it ever since. */
  const taken = new Map<string, string>()
  let watched = 0

  const codes = (id: string): string[] => follower.seen(id).map(({ code }) => code)

  /** What the follower says of a token that is shown to it now. */
  const show = async (token: string): Promise<{ id: string; code: string | undefined }> => {
    const id = `token-${++watched}`
    follower.watch({ [id]: token })
    const code = await until('the follower', () => codes(id)[0])
    return { id, code }
  }

  return {
    /** Both take it, and the follower has not refused it at any time. */
    async accept(token: string): Promise<void> {
      const answer = await call.introspect(inspector, token)
      expect(JSON.parse(answer)).toMatchObject({ active: true })
      const { id, code } = await show(token)
      expect(code).toBe('good')
      const first = taken.get(token) ?? id
      taken.set(token, first)
      expect(codes(first)).toEqual(['good'])
    },
    /** Both refuse it; the follower after it has taken it, and whoever shows it again. */
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
