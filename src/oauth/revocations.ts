import { MAX_WAIT_SECONDS } from '../constants.ts'
import type { AppContext, Connected, Deps } from '../deps.ts'
import { misspelled } from '../errors.ts'
import { takesGzip } from '../http/coding.ts'
import { networkOf } from '../http/network.ts'
import { startOf } from '../revocation/cursor.ts'
import { createRevocationList } from '../revocation/list.ts'
import { SPELLERS } from './parameters.ts'

type RevocationsDeps = Pick<
  Deps,
  'store' | 'signer' | 'issuer' | 'clock' | 'pageHost' | 'revocationWatch' | 'clientAddress'
>

/**
 * `GET /oauth/revocations`: the page that the cursor `after` is in, as a signed JWT; with `wait` (seconds) held
 * until there is a newer rule. Public, like the JWKS: it names no workspace and no run.
 */
export const revocations = (deps: RevocationsDeps) => {
  const list = createRevocationList(deps)
  return async (c: AppContext) => {
    checkSpelling(c.req.url)
    const after = only(c.req.queries('after'))
    const wait = waitSeconds(only(c.req.queries('wait')))
    if (wait > 0) await untilNew(after, wait, c, deps)
    const { signal } = c.req.raw
    const asked = { gzip: takesGzip(c.req.header('accept-encoding')), signal }
    const { body, gzip, maxAgeSeconds } = await list.page(after, asked)
    return c.body(body, 200, {
      'Content-Type': 'application/jwt',
      'Cache-Control': wait > 0 ? 'no-store' : `public, max-age=${maxAgeSeconds}`,
      Vary: 'Accept-Encoding',
      ...(gzip && { 'Content-Encoding': 'gzip' }),
    })
  }
}

/** Unknown names are ignored. @throws OAuthError `parameter_misspelled` */
const checkSpelling = (url: string): void => {
  for (const name of new URL(url).searchParams.keys()) {
    const meant = SPELLERS.revocations(name)
    if (meant !== null) throw misspelled('parameter_misspelled', name, meant, 'once')
  }
}

/** What is given several times is given not at all: the answer is a full one, and at once. */
const only = (values: string[] | undefined): string | undefined =>
  values?.length === 1 ? values[0] : undefined

/** Whole seconds, bounded; 0 for whatever is none. */
const waitSeconds = (text: string | undefined): number =>
  /^\d{1,9}$/.test(text ?? '') ? Math.min(Number(text), MAX_WAIT_SECONDS) : 0

/** There is nothing new for a cursor that is the newest there is. */
const untilNew = async (
  after: string | undefined,
  seconds: number,
  c: AppContext,
  deps: Pick<RevocationsDeps, 'store' | 'revocationWatch' | 'clientAddress'>,
): Promise<void> => {
  const head = await deps.store.findRevocationHead()
  if (startOf(after, head) !== head.seq) return
  const { signal } = c.req.raw
  const followed = (c.env as Partial<Connected> | undefined)?.followed?.()
  const client = deps.clientAddress(c)
  const address = client === undefined ? undefined : networkOf(client)
  await deps.revocationWatch.changed(head, seconds * 1000, { signal, followed, address })
}
