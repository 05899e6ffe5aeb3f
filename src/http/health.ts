// Health, readiness and metrics, for operators and their tools.
import { isLoopbackHost } from '@latchkey/verifier/internal'
import { NO_STORE } from './headers.ts'
import type { AppContext, Deps } from '../deps.ts'
import { equalInConstantTime, hashSecret } from '../secret.ts'
import { bearerToken } from './bearer.ts'
import { notFound } from './render.ts'
import { respond, respondJson } from './respond.ts'

/** `GET /healthz`: 200 if the process answers. */
export const healthz = (c: AppContext) => respondJson(c, 200, { status: 'ok' }, NO_STORE)

/**
 * `GET /readyz`: 200 if the process can issue tokens: the database answers and has a signing key.
 */
export const readyz =
  ({ store }: Pick<Deps, 'store'>) =>
  async (c: AppContext) => {
    const ready = await store.findActiveKey('RS256').then(
      (key) => key !== null,
      () => false,
    )
    return respondJson(c, ready ? 200 : 503, { status: ready ? 'ok' : 'unavailable' }, NO_STORE)
  }

/** `GET /metrics`: for requests from loopback or with the token, else 404. */
export const metrics =
  (deps: Pick<Deps, 'metrics' | 'metricsToken' | 'clientAddress'>) => async (c: AppContext) => {
    if (deps.metrics === null || !mayRead(c, deps)) return notFound(c)
    const { contentType, text } = await deps.metrics.render()
    return respond(c, 200, text, { ...NO_STORE, 'Content-Type': contentType })
  }

/**
 * Headers that proxies add. A request with one of them comes from another machine, also if its
 * address is loopback.
 */
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
