// Metrics of the server in the Prometheus text format. With several workers the primary sums them up.
import cluster from 'node:cluster'
import { AggregatorRegistry, Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import { VERSION } from '../constants.ts'
import type { Metrics } from '../deps.ts'
import type { RevocationWatch } from '../revocation/watch.ts'

/** Creates the counters of this process. `render` returns the sum over all processes. */
export const createMetrics = (watch: Pick<RevocationWatch, 'waiting'>): Metrics => {
  const registry = new Registry()
  if (cluster.isWorker) answerPrimary(registry)
  collectDefaultMetrics({ register: registry })
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter({ name, help, labelNames, registers: [registry] })
  const issued = counter('latchkey_tokens_issued_total', 'Tokens issued.', ['audience'])
  const refused = counter('latchkey_requests_refused_total', 'Requests refused.', ['code'])
  const introspections = counter('latchkey_introspections_total', 'Tokens introspected.', [
    'active',
  ])
  const revoked = counter('latchkey_tokens_revoked_total', 'Tokens revoked by their clients.', [])
  new Gauge({
    name: 'latchkey_build_info',
    help: 'Number of processes, by the version of the server.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version: VERSION }, 1)
  new Gauge({
    name: 'latchkey_revocation_waiters',
    help: 'Answers of the revocation list that are held until there is something new.',
    registers: [registry],
    collect() {
      this.set(watch.waiting)
    },
  })
  return {
    tokenIssued: (audience) => issued.inc({ audience }),
    refused: (code) => refused.inc({ code }),
    introspected: (active) => introspections.inc({ active: String(active) }),
    tokenRevoked: () => revoked.inc(),
    async render() {
      const text = cluster.isWorker ? await askPrimary() : await registry.metrics()
      return { contentType: registry.contentType, text }
    },
  }
}

/** Makes prom-client answer the primary, which it does once an aggregator exists. Called once in a process. */
const answerPrimary = (registry: Registry): void => {
  AggregatorRegistry.setRegistries(registry)
  new AggregatorRegistry()
  process.on('message', hearAnswer)
}

type Question = { latchkeyMetrics: number }
/** `text` is null if a worker has not answered: a partial sum would look like a fall of the counters. */
type Answer = Question & { text: string | null }

const isQuestion = (message: unknown): message is Question =>
  typeof message === 'object' && message !== null && 'latchkeyMetrics' in message

type Waiting = { resolve: (text: string) => void; reject: (error: Error) => void }

/** Questions of this worker by number. One listener serves all of them. */
const waiting = new Map<number, Waiting>()
let questions = 0

const hearAnswer = (message: unknown): void => {
  if (!isQuestion(message)) return
  const { text } = message as Answer
  const question = waiting.get(message.latchkeyMetrics)
  waiting.delete(message.latchkeyMetrics)
  if (text === null) question?.reject(new Error('a worker did not report its metrics'))
  else question?.resolve(text)
}

const askPrimary = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const id = ++questions
    waiting.set(id, { resolve, reject })
    process.send?.({ latchkeyMetrics: id } satisfies Question)
  })

/** Answers the workers with the sum over all of them. Called in the primary. */
export const answerMetrics = (): void => {
  const aggregator = new AggregatorRegistry()
  cluster.on('message', (worker, message: unknown) => {
    if (!isQuestion(message)) return
    const answer = (text: string | null) => {
      // The callback catches the error of a worker that has ended meanwhile, which would end the primary.
      worker.send({ ...message, text } satisfies Answer, () => {})
    }
    aggregator.clusterMetrics().then(answer, () => answer(null))
  })
}
