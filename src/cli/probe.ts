// The server that `status` asks: the one that the settings of this machine would start.
import type { Status } from '../admin/views/status.ts'
import { type Config, hasOpenMetrics } from '../config.ts'
import { DOCTOR_REQUEST_TIMEOUT_MS, MAX_METRICS_BYTES, MAX_METRIC_VALUE } from '../constants.ts'
import { boundedText } from './bounded-text.ts'

type Server = NonNullable<Status['server']>

/**
 * Asks the server that these settings would start. While it is down, another user of the machine can listen on its port:
 * the requests have no credentials, and the answers are bounded in time and size, and checked.
 */
export const probe = async (
  config: Config,
  request: typeof fetch = fetch,
  now = Date.now(),
): Promise<Server> => {
  const address = addressOf(config)
  const get = async (path: string): Promise<Response | null> =>
    await request(address + path, {
      redirect: 'manual',
      signal: AbortSignal.timeout(DOCTOR_REQUEST_TIMEOUT_MS),
    }).catch(() => null)
  const ready = await get('/readyz')
  const unknown = { address, version: null, uptime_seconds: null, followers: null }
  if (ready === null) return { state: 'not_running', ...unknown }
  await ready.body?.cancel().catch(() => {})
  const metrics = hasPublicMetrics(config) ? await readStart(await get('/metrics')) : ''
  const startedAt = valueOf(metrics, 'process_start_time_seconds')
  const uptime = startedAt === null ? null : Math.floor(now / 1000 - startedAt)
  return {
    ...unknown,
    state: ready.ok ? 'running' : 'not_ready',
    version: /^latchkey_build_info\{version="([\w.+-]{1,64})"\} /m.exec(metrics)?.[1] ?? null,
    uptime_seconds: uptime === null ? null : Math.max(0, uptime),
    followers: countOf(valueOf(metrics, 'latchkey_revocation_waiters')),
  }
}

/** An address for all interfaces is reached on loopback. */
const addressOf = ({ host, port }: Config): string => {
  const reached = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}

/** True where `/metrics` answers without the token, which is sent to no listener. */
const hasPublicMetrics = (config: Config): boolean =>
  config.metricsToken === null && hasOpenMetrics(config)

/** Reads an answer up to a limit. One that is longer, fails or breaks off is empty. */
const readStart = async (response: Response | null): Promise<string> => {
  if (!response?.ok || response.body === null) return ''
  const body = response.body as unknown as AsyncIterable<Uint8Array>
  return (await boundedText(body, MAX_METRICS_BYTES).catch(() => null)) ?? ''
}

/**
 * The value of a metric without labels. Null if it is missing, as the start is with several processes, or if it is no
 * number that this command can show.
 */
const valueOf = (metrics: string, name: string): number | null => {
  const line = metrics.split('\n').find((one) => one.startsWith(`${name} `))
  const value = Number(line?.slice(name.length + 1).trim() || NaN)
  return value >= 0 && value <= MAX_METRIC_VALUE ? value : null
}

const countOf = (value: number | null): number | null => (Number.isInteger(value) ? value : null)
