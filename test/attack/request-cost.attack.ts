// No request of at most 64 KiB without credentials costs the server more than 20 ms of a processor.
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAX_REQUEST_BYTES, REQUEST_CPU_MS, TRIES } from './bounds.ts'
import { COSTS } from './costs.ts'
import { type Target, cursorsOf, get } from './hostile-client.ts'
import { cpuMs } from './process-cost.ts'
import { type QuietStage, setQuietStage } from './stage.ts'

/** Requests measured together, because Linux counts processor time in steps of 10 ms. */
const REQUESTS = 12
/** Requests of a kind that seems too expensive. */
const REQUESTS_AGAIN = 50

/** Time to wait for an answer, in milliseconds. */
const ANSWER_MS = 20_000

let stage: QuietStage
let cursor: () => string

beforeAll(async () => {
  stage = await setQuietStage()
  cursor = await cursorsOf({ ...stage, signal: AbortSignal.timeout(60_000) }, 30_000)
})
afterAll(() => stage.close())

/** Ends when the server closes the connection, as requested. */
const exchange = (port: number, request: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').on('error', reject)
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('no answer')))
    socket.once('close', () => resolve())
    socket.resume().write(request.replace('HTTP/1.1\r\n', 'HTTP/1.1\r\nConnection: close\r\n'))
  })

/** @returns processor milliseconds per request; measures fewer where the first ones exceed the bound for all */
const cost = async (request: (target: Target, i: number) => string, count: number) => {
  const { pid } = stage.server
  await exchange(stage.place.port, request(stage.target, 0)).catch(() => {})
  const before = cpuMs(pid)
  for (let i = 1; ; i++) {
    const text = request(stage.target, i)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_REQUEST_BYTES)
    await exchange(stage.place.port, text).catch(() => {}) // reset, because its head is too long
    const spent = cpuMs(pid) - before
    if (i === count || spent > count * REQUEST_CPU_MS) return spent / i
  }
}

const KINDS = {
  ...COSTS,
  pages: [
    {
      name: 'a page of the list from a random cursor',
      request: () => get(`/oauth/revocations?after=${cursor()}`),
    },
  ],
}

describe.each(Object.entries(KINDS))('the cost of %s', (kind, costs) => {
  it(`stays at or below ${REQUEST_CPU_MS} ms in each of ${costs.length}`, async () => {
    const found: [ms: number, name: string][] = []
    for (const { name, request } of costs) {
      let ms = await cost(request, REQUESTS)
      for (let tries = 1; tries < TRIES && ms > REQUEST_CPU_MS; tries++) {
        ms = await cost(request, REQUESTS_AGAIN)
      }
      found.push([ms, name])
    }
    const [most = [NaN, '']] = found.toSorted(([a], [b]) => b - a)
    console.log(`${kind}: at most ${most[0].toFixed(1)} ms of CPU (${most[1]})`)
    expect(found.filter(([ms]) => ms > REQUEST_CPU_MS)).toEqual([])
  })
})
