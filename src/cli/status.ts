// `latchkey status`: the state of the server and of its database.
import type { Command } from 'commander'
import type { Status } from '../admin/views/status.ts'
import { type Config, hasOpenMetrics, loadConfig } from '../config.ts'
import { DOCTOR_REQUEST_TIMEOUT_MS, MAX_METRICS_BYTES, MAX_METRIC_VALUE } from '../constants.ts'
import { plural } from '../text/plural.ts'
import { boundedText } from './bounded-text.ts'
import { relativeTime } from './cells.ts'
import { command } from './flags.ts'
import { print } from './output.ts'
import { perform } from './session.ts'

export const status = (program: Command): void => {
  command(
    program,
    'status',
    'show the state of server, database, keys, revocation list, audit and ledger',
    'status',
  ).action(async (flags: { json?: boolean }) => {
    const answer = await perform('status.show', {})
    // The operation runs in the command here, and not in a server.
    const server = answer.server ?? (await probe(loadConfig(process.env)))
    const whole = { ...answer, server }
    print(flags.json ? whole : summary(whole, Date.now()), flags)
  })
}

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

/** Describes each part on a line of its own, for people. */
export const summary = (status: Status, now: number) => ({
  server: serverText(status.server),
  database: `${fileText(status.database.file)}, schema ${status.database.schema ?? 'unknown'}`,
  keys: status.keys.map((key) => keyText(key, now)),
  revocations: `${plural(status.revocation.rules, 'rule')}, head ${status.revocation.head}, epoch ${status.revocation.epoch}`,
  audit: auditText(status.audit, now),
  ledger: ledgerText(status.ledger),
  disk: status.disk_free_bytes === null ? 'unknown' : `${bytesText(status.disk_free_bytes)} free`,
})

/** State, address and known figures of a server, on one line. */
export const serverText = (server: Status['server']): string => {
  if (server === null) return 'unknown'
  const { state, address, version, uptime_seconds: uptime, followers } = server
  const facts = [
    version !== null && `version ${version}`,
    uptime !== null && `started ${relativeTime(new Date(-uptime * 1000).toISOString(), 0)}`,
    followers !== null && `${plural(followers, 'follower')} waiting`,
  ]
  const words = state.replace('_', ' ')
  return [`${words} at ${address}`, ...facts.filter((fact) => fact !== false)].join(', ')
}

const keyText = (key: Status['keys'][number], now: number): string => {
  const { algorithm, active_kid: active, next_change_at: at } = key
  const change = at === null ? 'no change on schedule' : `next key ${relativeTime(at, now)}`
  return `${algorithm} ${active ?? 'none'} (${change})`
}

const auditText = (audit: Status['audit'], now: number): string => {
  const { events, unsealed, sealed_at: at, newest_seal: seal } = audit
  if (at === null || seal === null) return `${plural(events, 'event')}, none sealed`
  return `${plural(events, 'event')}, ${unsealed} not sealed, newest seal ${seal} (${relativeTime(at, now)})`
}

const ledgerText = (ledger: Status['ledger']): string => {
  if (ledger === null) return 'none'
  const { tokens, file } = ledger
  const count =
    tokens === null ? 'unknown number of unexpired tokens' : plural(tokens, 'unexpired token')
  return `${count}, ${fileText(file)}`
}

const fileText = (file: { path: string; bytes: number } | null): string =>
  file === null ? 'no file' : `${file.path} (${bytesText(file.bytes)})`

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** `1.5 MiB`: in the largest unit that fits. */
export const bytesText = (bytes: number): string => {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  const value = bytes / 1024 ** power
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power]}`
}
