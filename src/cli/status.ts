// `latchkey status`: the state of the server and of its database.
import type { Command } from 'commander'
import type { Status } from '../admin/views/status.ts'
import { plural } from '../text/plural.ts'
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
    const server = answer.server ?? (await probeLocal())
    const whole = { ...answer, server }
    print(flags.json ? whole : summary(whole, Date.now()), flags)
  })
}

const probeLocal = async () => {
  const { loadConfig } = await import('../config.ts')
  const { probe } = await import('./probe.ts')
  return await probe(loadConfig(process.env))
}

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
