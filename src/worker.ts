// Entry: the server on Cloudflare Workers, with the D1 binding `DB`. Settings are variables and
// secrets of the Worker, with the same names as on Node; LATCHKEY_ISSUER and LATCHKEY_KEK have no
// default. A first start creates keys and no administrator.
import { randomBytes } from 'node:crypto'
import type { AnyD1Database } from 'drizzle-orm/d1'
import { Hono } from 'hono'
import { createApp } from './app.ts'
import { nowSeconds } from './clock.ts'
import { type Config, loadConfig } from './config.ts'
import { LONELY_WATCH_INTERVAL_MS, MAX_COUNTED_KEYS, UPKEEP_INTERVAL_MS } from './constants.ts'
import {
  type AppContext,
  type AppEnv,
  type Opened,
  type Quota,
  type Writes,
  assembleDeps,
  openedParts,
} from './deps.ts'
import { isSet } from './settings/environment.ts'
import { StartRefused, Unavailable, reasonOf } from './errors.ts'
import { everyAnswer } from './http/headers.ts'
import { renderError } from './http/render.ts'
import type { Log } from './log.ts'
import { createLonelyWatch } from './revocation/watch.ts'
import { workersPages } from './revocation/workers-pages.ts'
import { webCryptography } from './signing/cryptography.ts'
import { firstKeys, provisionKeys } from './signing/provision.ts'
import { openD1Store } from './store/sqlite/d1.ts'
import { firstSeed } from './store/seed.ts'
import { toJson } from './text/text.ts'
import { type Upkeep, createUpkeep } from './upkeep/upkeep.ts'
import { createLastUsed } from './upkeep/last-used.ts'

type Bindings = Readonly<Record<string, unknown>>
type Settings = Config & { kek: Uint8Array; database: AnyD1Database }

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const

/** Writes JSON lines to the console, which is the log of a Worker. */
const consoleLog = (lowest: Config['logLevel']): Log => {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: Record<string, unknown>, message: string): void => {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(lowest)) return
      console[level](toJson({ ...fields, level, time: new Date().toISOString(), msg: message }))
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

/**
 * @throws StartRefused for a missing, unknown or invalid setting. Bindings of other names are
 * ignored
 */
const readSettings = (env: Bindings): Settings => {
  const config = loadConfig(env) // a variable of type JSON is refused, too
  if (!isSet(env['LATCHKEY_ISSUER'])) throw new StartRefused('LATCHKEY_ISSUER must be set')
  if (config.kek === null) throw new StartRefused('LATCHKEY_KEK must be set')
  if (env['DB'] === undefined) throw new StartRefused('the D1 binding DB is missing')
  return { ...config, kek: config.kek, database: env['DB'] as AnyD1Database }
}

/**
 * Fills an empty database: one of several isolates that start at once does it.
 * @throws StartRefused
 */
const prepareKeys = async (
  { algorithms }: Settings,
  { store, kek, audit }: Opened,
  log: Log,
): Promise<void> => {
  const now = nowSeconds({ clock: () => Date.now() })
  if (!(await store.isInitialized())) {
    const seed = firstSeed(await firstKeys(algorithms, kek), null, randomBytes)
    const event = { actor: 'server', action: 'server.first_start', target: null }
    if (await store.bootstrap(seed, now, () => {})) {
      await audit.write({ ...event, outcome: 'success' })
    }
  }
  await provisionKeys({ store, algorithms, kek, now, audit, log, actor: 'server' })
}

/** Refuses every client that has a quota, because Workers cannot count quotas yet. */
const noQuota =
  (log: Log): Quota =>
  async (clientId, perMinute) => {
    if (perMinute === null) return 0
    log.warn({ clientId }, 'refused: quotas do not work on Workers yet')
    return 60
  }

/**
 * Counts writes in the isolate. The limits hold in each isolate, so several isolates allow more
 * together.
 */
const countWrites = (): Writes => {
  const windows = new Map<string, { count: number; endsAt: number }>()
  return async (key, { seconds, limit }, cost) => {
    const now = Date.now()
    const name = `${seconds} ${key}`
    if (windows.size >= MAX_COUNTED_KEYS) windows.clear()
    const current = windows.get(name)
    const window =
      current !== undefined && now < current.endsAt
        ? current
        : { count: 0, endsAt: now + seconds * 1_000 }
    window.count += cost
    windows.set(name, window)
    return window.count <= limit ? 0 : Math.max(1, Math.ceil((window.endsAt - now) / 1_000))
  }
}

type Running = { app: Hono<AppEnv>; upkeep: Upkeep }

const start = async (env: Bindings): Promise<Running> => {
  const settings = readSettings(env)
  const { kek, logLevel, auditRetentionSeconds: retentionSeconds } = settings
  const store = openD1Store(settings.database)
  const log = consoleLog(logLevel)
  const clock = () => Date.now()
  const opened = openedParts({ store, kek, clock, cryptography: webCryptography })
  const lastUsed = createLastUsed({ store, clock })
  await prepareKeys(settings, opened, log)
  const deps = assembleDeps({
    opened,
    settings,
    platform: {
      log,
      clock,
      revocationWatch: createLonelyWatch({ store, intervalMs: LONELY_WATCH_INTERVAL_MS }),
      pageHost: workersPages,
      ledger: null, // Workers have no file
      secretUsed: lastUsed.secretUsed,
      quota: noQuota(log),
      writes: countWrites(),
      // Cloudflare replaces the header of the client.
      clientAddress: (c: AppContext) => c.req.header('cf-connecting-ip'),
      rehearse: null, // a D1 batch cannot be read before it is committed
      metrics: null,
      metricsToken: null,
    },
  })
  // An isolate ends soon, and its monotonic clock is the wall clock: the schedule measures the time
  // instead.
  const upkeep = createUpkeep({ ...deps, lastUsed, retentionSeconds, livesBy: 'schedule' })
  return { app: createApp(deps), upkeep }
}

/** Answers 503 to every request, without a reason, because the server cannot start. */
const notStarted = (error: unknown): Hono<AppEnv> => {
  const log = consoleLog('error')
  log.error({ reason: reasonOf(error) }, 'cannot start')
  const app = new Hono<AppEnv>()
  app.use(everyAnswer(''))
  app.all('*', () => {
    throw new Unavailable('not_started')
  })
  app.onError(renderError({ log, metrics: null }))
  return app
}

/**
 * The server of this isolate, once it is started. A stored promise would never settle if the request
 * that began it were cancelled, and a stored failure would keep the next request from another start.
 */
let running: Running | null = null

/**
 * Starts the server. Several requests may start one at once; all use the first, so that its counts
 * are complete.
 */
const run = async (env: Bindings): Promise<Running> => {
  const made = running ?? (await start(env))
  running ??= made
  return running
}

/** Time of the latest flush, in milliseconds since the epoch. */
let flushedAt = 0

/**
 * Writes the counts after the first request and then once a minute: they are lost when the isolate
 * ends.
 */
const flushInTime = async ({ upkeep }: Running): Promise<void> => {
  if (Math.abs(Date.now() - flushedAt) < UPKEEP_INTERVAL_MS) return
  flushedAt = Date.now()
  await upkeep.flush()
}

type Context = { waitUntil(promise: Promise<unknown>): void }

export default {
  async fetch(request: Request, env: Bindings, context: Context): Promise<Response> {
    let server: Running
    try {
      server = await run(env)
    } catch (error) {
      return notStarted(error).fetch(request)
    }
    const response = await server.app.fetch(request)
    context.waitUntil(flushInTime(server))
    return response
  },

  /**
   * Runs each minute (`crons` in wrangler.toml): seals audit rows of all isolates, deletes old
   * rows, rotates keys.
   */
  async scheduled(_event: unknown, env: Bindings): Promise<void> {
    try {
      await (await run(env)).upkeep.run()
    } catch (error) {
      consoleLog('error').error({ reason: reasonOf(error) }, 'cannot start')
    }
  },
}
