// Issuer whose revocation list each test writes: signed by any key, late, shortened, or wrong.
import { vi } from 'vitest'
import type { VerifierOptions } from '../../src/verifier/types.ts'
import { createVerifier } from '../../src/verifier/verifier.ts'
import {
  AUDIENCE,
  ISSUER,
  KEY,
  NOW,
  REQUIRED,
  type Raw,
  type SigningKey,
  codeOf,
  forge,
  keySet,
} from './support.ts'

export const LIST = `${ISSUER}/oauth/revocations`
export const EPOCH = 'epoch-1'
const JWKS = `${ISSUER}/.well-known/jwks.json`

export const cursor = (seq: number, epoch = EPOCH): string =>
  `${epoch}.${String(seq).padStart(16, '0')}`

export type Entry = { kind: string; value: string; gen?: number; exp?: number | null; seq?: number }

type Page = {
  seq?: number
  epoch?: string
  iat?: number
  full?: boolean
  more?: boolean
  entries?: Entry[]
  /** Further or replaced claims. Undefined ones are left out. */
  claims?: object
  header?: object
  key?: SigningKey
  /** Replaces all claims. */
  payload?: Raw
}

/** Makes a page of the list, valid unless a test changes it. */
export const page = ({ key = KEY, epoch = EPOCH, iat = NOW, seq = 1, ...of }: Page = {}): string =>
  forge({
    header: { alg: 'RS256', typ: 'revocations+jwt', kid: key.kid, ...of.header },
    payload: of.payload ?? {
      iss: LIST,
      aud: LIST,
      iat,
      exp: iat + 120,
      epoch,
      cursor: cursor(seq, epoch),
      full: of.full ?? false,
      more: of.more ?? false,
      entries: (of.entries ?? []).map((entry) => ({ seq, exp: NOW + 900, ...entry })),
      ...of.claims,
    },
    key,
  })

type Answer = string | Response | Error

/** Starts an issuer whose requests for the list the test answers one by one. */
export const listServer = () => {
  let waiting: ((answer: Answer) => void) | null = null
  const server = {
    keys: [KEY.jwk] as object[],
    /** Query parameters and signals of the requests for the list. */
    requests: [] as { after: string | null; wait: string | null; signal: AbortSignal }[],
    keyRequests: [] as RequestInit[],
    fetch: async (url: string, init: RequestInit): Promise<Response> => {
      if (url.split('?')[0] === JWKS) {
        server.keyRequests.push(init)
        return keySet(server.keys)
      }
      const { searchParams } = new URL(url)
      const { signal } = init as { signal: AbortSignal }
      const [after, wait] = [searchParams.get('after'), searchParams.get('wait')]
      server.requests.push({ after, wait, signal })
      const answer = await new Promise<Answer>((resolve, reject) => {
        waiting = resolve
        signal.addEventListener('abort', () => {
          waiting = null
          reject(new Error('aborted'))
        })
      })
      if (answer instanceof Error) throw answer
      return typeof answer === 'string' ? new Response(answer) : answer
    },
    isAsked: (): boolean => waiting !== null,
    /** Waits for a request. */
    asked: (): Promise<void> =>
      vi.waitFor(
        () => {
          if (waiting === null) throw new Error('nobody asks for the list')
        },
        { interval: 2, timeout: 3_000 },
      ),
    /** Answers the pending request, or the next one. */
    answer: async (answer: Answer): Promise<void> => {
      await server.asked()
      const answered = waiting
      waiting = null
      answered?.(answer)
    },
  }
  return server
}

/** Starts a verifier that follows the list in the background. */
export const startFollowing = (options: Partial<VerifierOptions> = {}) => {
  const server = listServer()
  const time = { wall: NOW, monotonic: 1_000 }
  const verifier = createVerifier({
    issuer: ISSUER,
    audience: AUDIENCE,
    fetch: server.fetch,
    follow: 'background',
    clock: () => time.wall * 1000,
    monotonic: () => time.monotonic * 1000,
    ...options,
  })
  const list = () => {
    const { revocations } = verifier.status()
    if (revocations.source !== 'list') throw new Error('no list is followed')
    return revocations
  }
  return {
    server,
    time,
    verifier,
    list,
    /** Lets seconds pass on both clocks. */
    pass: (seconds: number): void => {
      time.wall += seconds
      time.monotonic += seconds
    },
    check: (token = forge()): Promise<string> => codeOf(verifier.verify(token, REQUIRED)),
    /**
     * Answers with a list and waits for the next request. @returns the reason of a refusal, or null
     */
    say: async (answer: Answer): Promise<string | null> => {
      await server.answer(answer)
      await server.asked()
      return list().lastFailure
    },
  }
}

/** Starts a verifier and gives it a first list with these rules, up to number 10. */
export const following = async (entries: Entry[] = [], options: Partial<VerifierOptions> = {}) => {
  const started = startFollowing(options)
  await started.server.answer(page({ full: true, seq: 10, entries }))
  await started.verifier.ready()
  await started.server.asked()
  return started
}
