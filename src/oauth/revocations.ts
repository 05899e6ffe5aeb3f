import { MAX_WAIT_SECONDS } from '../constants.ts'
import type { AppContext, Connected, Deps } from '../deps.ts'
import { respond } from '../http/respond.ts'
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
 * `GET /oauth/revocations`: answers the page that contains the cursor `after`, as a signed JWT.
 * With `wait` (seconds) it holds the answer until there is a newer rule. The list is public, like
 * the JWKS: it names no workspace and no run.
 */
export const revocations = (deps: RevocationsDeps) => {
  const list = createRevocationList(deps)
  return async (c: AppContext) => {
    checkSpelling(c.req.url)
    const after = only(c.req.queries('after'))
    const wait = waitSeconds(only(c.req.queries('wait')))
    if (wait > 0) await untilNew(after, wait, c, deps)
    const { signal } = c.req.raw
    const request = { gzip: takesGzip(c.req.header('accept-encoding')), signal }
    const { body, gzip, maxAgeSeconds } = await list.page(after, request)
    return respond(c, 200, body, {
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

/** A repeated parameter counts as absent: the client gets the whole list, at once. */
const only = (values: string[] | undefined): string | undefined =>
  values?.length === 1 ? values[0] : undefined

/** Whole seconds up to MAX_WAIT_SECONDS; 0 for any other text. */
const waitSeconds = (text: string | undefined): number =>
  /^\d{1,9}$/.test(text ?? '') ? Math.min(Number(text), MAX_WAIT_SECONDS) : 0

/** Waits for a new rule if the cursor is the newest one. */
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
