// The revocation list of the issuer for tests: numbered, signed, and held until there is news.
import { SignJWT } from 'jose'
import type { WebCryptoKey } from '../keys/jwk.ts'
import type { RuleKind } from '../revocation/rules.ts'
import { runValue, workspaceValue } from '../revocation/revocable-token.ts'
import { pause } from '../net/timers.ts'

/**
 * Tokens to revoke. With a generation, tokens older than `gen` (default: 2; tokens of the test
 * issuer have 1).
 */
export type TestRevocation =
  | { jti: string }
  | { run: string; workspace?: string }
  | { client: string; gen?: number }
  | { plugin: string; gen?: number }
  | { workspace: string; gen?: number }
  | { key: string }

type Rule = { kind: RuleKind; value: string; gen?: number }
type Entry = Rule & { seq: number; exp: number | null }

type Context = {
  /** `iss` and `aud`. */
  uri: string
  /** Milliseconds since the epoch. */
  clock: () => number
  /** The current key. */
  signer: () => { kid: string; privateKey: WebCryptoKey }
}

const EPOCH = 'test'
const LIFETIME_SECONDS = 120
const MAX_WAIT_SECONDS = 25
const DEFAULT_GEN = 2

export const createTestList = ({ uri, clock, signer }: Context) => {
  const entries: Entry[] = []
  let news = new AbortController()
  const cursor = (): string => `${EPOCH}.${String(entries.length).padStart(16, '0')}`

  const answer = async (after: string | null): Promise<Response> => {
    const from = after === null ? null : Number(after.slice(EPOCH.length + 1))
    const full = from === null || !(from <= entries.length) || !after?.startsWith(`${EPOCH}.`)
    const iat = Math.floor(clock() / 1000)
    const { kid, privateKey } = signer()
    const claims = {
      iss: uri,
      aud: uri,
      iat,
      exp: iat + LIFETIME_SECONDS,
      epoch: EPOCH,
      cursor: cursor(),
      full,
      more: false,
      entries: full ? entries : entries.slice(from),
    }
    const list = new SignJWT(claims).setProtectedHeader({
      alg: 'RS256',
      typ: 'revocations+jwt',
      kid,
      ...(!full && { after }),
    })
    const headers = { 'Content-Type': 'application/jwt', 'Cache-Control': 'no-store' }
    return new Response(await list.sign(privateKey), { headers })
  }

  return {
    async serve(url: URL, signal?: AbortSignal | null): Promise<Response> {
      const after = url.searchParams.get('after')
      const wait = Math.min(Number(url.searchParams.get('wait') ?? 0), MAX_WAIT_SECONDS)
      if (wait > 0 && after === cursor()) {
        const signals = signal ? [signal, news.signal] : [news.signal]
        await pause(wait * 1000, AbortSignal.any(signals))
      }
      signal?.throwIfAborted()
      return answer(after)
    },
    async add(revocation: TestRevocation): Promise<void> {
      const rule = await ruleOf(revocation)
      entries.push({ ...rule, seq: entries.length + 1, exp: null })
      const ended = news
      news = new AbortController()
      ended.abort()
    },
  }
}

/**
 * Derives the reference of a workspace from its id, so that tests need only the id; `''` without a
 * workspace.
 */
export const testReference = (workspace: string): string => `ref-${workspace}`

const ruleOf = async (revocation: TestRevocation): Promise<Rule> => {
  if ('jti' in revocation) return { kind: 'jti', value: revocation.jti }
  if ('key' in revocation) return { kind: 'key', value: revocation.key }
  if ('run' in revocation) {
    const { run, workspace = 'default' } = revocation
    return { kind: 'run', value: await runValue(testReference(workspace), run) }
  }
  const { gen = DEFAULT_GEN } = revocation
  if ('client' in revocation) return { kind: 'client', value: revocation.client, gen }
  if ('plugin' in revocation) return { kind: 'plugin', value: revocation.plugin, gen }
  const value = await workspaceValue(testReference(revocation.workspace))
  return { kind: 'workspace', value, gen }
}
