// What those who run the server ask it.
import { isLoopbackHost } from '@latchkey/verifier/internal'
import { NO_STORE } from './headers.ts'
import type { AppContext, Deps } from '../deps.ts'
import { equalInConstantTime, hashSecret } from '../secret.ts'
import { bearerToken } from './bearer.ts'
import { notFound } from './render.ts'

/** `GET /healthz`: the process answers. */
export const healthz = (c: AppContext) => c.json({ status: 'ok' }, 200, NO_STORE)

/** `GET /readyz`: it can issue, too: the database answers and there is a key to sign with. */
export const readyz =
  ({ store }: Pick<Deps, 'store'>) =>
  async (c: AppContext) => {
    const ready = await store.findActiveKey('RS256').then(
      (key) => key !== null,
      () => false,
    )
    return c.json({ status: ready ? 'ok' : 'unavailable' }, ready ? 200 : 503, NO_STORE)
  }

/** `GET /metrics`, for loopback or with the token; for others it does not exist. */
export const metrics =
  (deps: Pick<Deps, 'metrics' | 'metricsToken' | 'clientAddress'>) => async (c: AppContext) => {
    if (deps.metrics === null || !mayRead(c, deps)) return notFound(c)
    const { contentType, text } = await deps.metrics.render()
    return c.body(text, 200, { ...NO_STORE, 'Content-Type': contentType })
  }

/** What a proxy adds: a request with one of them comes from elsewhere, whatever address it comes through. */
const FORWARDED =
  /^(forwarded|via|x-real-ip|x-forwarded-.*|x-original-.*|.*-connecting-ip|.*client-ip)$/

const mayRead = (
  c: AppContext,
  { metricsToken, clientAddress }: Pick<Deps, 'metricsToken' | 'clientAddress'>,
): boolean => {
  if (metricsToken !== null) {
    const presented = bearerToken(c) ?? ''
    return equalInConstantTime(hashSecret(presented), hashSecret(metricsToken))
  }
  const address = clientAddress(c) ?? ''
  const loopback = address === '::1' || /^(::ffff:)?127\./.test(address)
  const names = Object.keys(c.req.header())
  return (
    loopback &&
    // A request for another name came through a proxy that answers to it.
    isLoopbackHost(new URL(c.req.url).hostname) &&
    !names.some((name) => FORWARDED.test(name))
  )
}
