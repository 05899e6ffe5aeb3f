// Processes of `latchkey serve`: one, or a primary and LATCHKEY_WORKERS workers on the same port.
import cluster from 'node:cluster'
import { type Config, SETTINGS, hasOpenMetrics, loadConfig } from '../config.ts'
import { MIN_NEXT_AGE_SECONDS } from '../constants.ts'
import { type Environment, emptySettings, isStartedByNpm } from '../settings/environment.ts'
import type { Log } from '../log.ts'
import { createLog } from './logger.ts'
import { answerMetrics } from './metrics.ts'
import { countQuotas } from './quota.ts'
import { startServer } from './serve.ts'
import { type StopOptions, stopReason } from './stop-reason.ts'

/** Pause before the primary replaces a worker that has ended, in milliseconds. */
const RESTART_DELAY_MS = 1_000

/**
 * Runs until SIGTERM, SIGINT, SIGHUP or SIGQUIT. A server that npm has started also stops when npm has ended.
 * @param onListening called when requests are answered
 * @throws StartRefused with one line for the operator
 */
export const serve = async (
  environment: Environment,
  onListening: (config: Config) => void = () => {},
): Promise<void> => {
  const config = loadConfig(environment)
  const log = createLog(config.logLevel)
  logEmptySettings(environment, log)
  if (cluster.isPrimary && (config.keyRotationSeconds ?? Infinity) < MIN_NEXT_AGE_SECONDS) {
    log.warn(
      { keyRotationSeconds: config.keyRotationSeconds },
      'keys are rotated once a day: a key is published for 24 hours before it signs',
    )
  }
  const stop = { log, withParent: cluster.isPrimary && isStartedByNpm(environment) }
  const listening = (): void => {
    logMissingMetrics(config, log)
    onListening(config)
  }
  if (config.workers > 1 && cluster.isPrimary) await runPrimary(config, stop, listening)
  else await runServer(config, stop, listening)
  await log.flush()
}

/** Logs empty settings, because the default applies: perhaps another database or another issuer than the operator wants. */
const logEmptySettings = (environment: Environment, log: Log): void => {
  const variables = cluster.isPrimary ? emptySettings(environment, SETTINGS) : []
  if (variables.length === 0) return
  log.info({ variables }, 'variables that are set and empty count as unset')
}

const logMissingMetrics = (config: Config, log: Log): void => {
  if (cluster.isWorker || config.metricsToken !== null || hasOpenMetrics(config)) return
  log.info(
    {},
    'there is no /metrics: LATCHKEY_METRICS_TOKEN is not set, and other machines may reach the server',
  )
}

const runServer = async (
  config: Config,
  options: StopOptions,
  onListening: () => void,
): Promise<void> => {
  const stop = stopReason(options)
  const server = await startServer(config, options.log)
  onListening()
  await stop
  await server.close()
  if (cluster.isWorker) cluster.worker?.disconnect()
}

/** Level of the primary's trial start. Lines below it come from the workers. */
const trialLevel = ({ logLevel }: Config): Config['logLevel'] =>
  logLevel === 'silent' || logLevel === 'error' ? logLevel : 'warn'

const runPrimary = async (
  config: Config,
  options: StopOptions,
  onListening: () => void,
): Promise<void> => {
  const { log } = options
  const stop = stopReason(options)
  // First start, refusals and repairs happen once, in the primary: a worker that cannot start would be replaced without end.
  const trial = await startServer(config, createLog(trialLevel(config)))
  await trial.close()
  answerMetrics()
  countQuotas()
  let stopping = false
  const ended = new Promise<void>((resolve) => {
    cluster.on('exit', (worker, code, signal) => {
      if (stopping) {
        if (Object.keys(cluster.workers ?? {}).length === 0) resolve()
        return
      }
      log.error({ pid: worker.process.pid, code, signal }, 'a worker ended and is replaced')
      setTimeout(() => !stopping && cluster.fork(), RESTART_DELAY_MS)
    })
  })
  // Ignores the error of a message to a worker that has just ended (metrics, quota), which would end the primary.
  cluster.on('fork', (worker) => worker.on('error', () => {}))
  let listening = 0
  cluster.on('listening', () => {
    if (++listening === config.workers) onListening()
  })
  for (let i = 0; i < config.workers; i++) cluster.fork()
  await stop
  stopping = true
  const workers = Object.values(cluster.workers ?? {})
  for (const worker of workers) worker?.process.kill('SIGTERM')
  if (workers.length > 0) await ended
}
