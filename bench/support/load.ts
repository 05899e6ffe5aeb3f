// Load of a round: wrk if it is installed, or else autocannon of bench/package.json. Both count the answers that are
// not 2xx; checks.ts requires that there are none.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newFolder } from './cleanups.ts'
import { authorizationOf, authorizationParts } from './numbered-clients.ts'
import { versionOf } from './environment.ts'
import type { Target } from './requests.ts'

/** Enough connections to keep both cores busy, few enough that latency is not mostly time in a queue. */
export const CONNECTIONS = 32

/** Rate and latencies of one round; `failed` counts answers that are not 2xx and broken connections. */
export type Load = { perSecond: number; requests: number; p50: number; p99: number; failed: number }

const wrkVersion = /^wrk (\S+)/.exec(
  spawnSync('wrk', ['-v'], { encoding: 'utf8' }).stdout ?? '',
)?.[1]

/** Name and version of the generator, for the document. */
export const generator = (): string =>
  wrkVersion === undefined ? `autocannon ${versionOf('autocannon')}` : `wrk ${wrkVersion}`

export const load = (target: Target, seconds: number): Promise<Load> =>
  wrkVersion === undefined ? loadByAutocannon(target, seconds) : loadByWrk(target, seconds)

const lua = (text: string): string => JSON.stringify(text)

/** Script of wrk: the request, numbered clients at random if the target has them, and the result as JSON. */
const scriptOf = ({ method, headers, body, clients }: Target): string => {
  const lines = [`wrk.method = ${lua(method)}`]
  for (const [name, value] of Object.entries(headers)) {
    lines.push(`wrk.headers[${lua(name)}] = ${lua(value)}`)
  }
  if (body !== undefined) lines.push(`wrk.body = ${lua(body)}`)
  if (clients !== undefined) {
    const { before, middle, after, digits } = authorizationParts()
    lines.push(
      `local t = { [0] = ${digits.map(lua).join(', ')} }`,
      'math.randomseed(os.time())',
      'function request()',
      `  local n = math.random(0, ${clients - 1})`,
      '  local d = t[math.floor(n / 1000)] .. t[n % 1000]',
      `  local credentials = ${lua(before)} .. d .. ${lua(middle)} .. d .. ${lua(after)}`,
      "  wrk.headers['Authorization'] = credentials",
      '  return wrk.format()',
      'end',
    )
  }
  lines.push(
    'function done(summary, latency)',
    '  local e = summary.errors',
    '  print(string.format(\'RESULT {"requests": %d, "us": %d, "p50": %d, "p99": %d, "failed": %d}\',',
    '    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),',
    '    e.status + e.connect + e.read + e.write + e.timeout))',
    'end',
  )
  return lines.join('\n')
}

type WrkResult = { requests: number; us: number; p50: number; p99: number; failed: number }

let folder: string | undefined

const loadByWrk = async (target: Target, seconds: number): Promise<Load> => {
  folder ??= newFolder()
  const script = join(folder, 'request.lua')
  writeFileSync(script, scriptOf(target))
  const url = `http://127.0.0.1:${target.port}${target.path}`
  const size = ['-t', '1', '-c', String(CONNECTIONS), '-d', `${seconds}s`]
  const child = spawn('wrk', [...size, '--timeout', '10s', '-s', script, url])
  let said = ''
  child.stdout.on('data', (chunk) => (said += String(chunk)))
  child.stderr.on('data', (chunk) => (said += String(chunk)))
  await once(child, 'close')
  const json = /^RESULT (.*)$/m.exec(said)?.[1]
  if (json === undefined) throw new Error(`wrk failed: ${said.slice(0, 500)}`)
  const { requests, us, p50, p99, failed } = JSON.parse(json) as WrkResult
  return { perSecond: requests / (us / 1e6), requests, p50: p50 / 1000, p99: p99 / 1000, failed }
}

type Autocannon = (options: object) => Promise<{
  duration: number
  '2xx': number
  non2xx: number
  errors: number
  latency: { p50: number; p99: number }
}>

const loadByAutocannon = async (target: Target, seconds: number): Promise<Load> => {
  const { port, path, method, headers, body, clients } = target
  const name: string = 'autocannon' // installed by the benchmark, unknown to the compiler
  const { default: autocannon } = (await import(name)) as { default: Autocannon }
  const setupRequest = (request: { headers: object }): object => {
    const number = Math.floor(Math.random() * (clients ?? 1))
    return { ...request, headers: { ...headers, Authorization: authorizationOf(number) } }
  }
  const result = await autocannon({
    url: `http://127.0.0.1:${port}${path}`,
    connections: CONNECTIONS,
    duration: seconds,
    method,
    headers,
    body,
    ...(clients === undefined ? {} : { requests: [{ setupRequest }] }),
  })
  return {
    perSecond: result['2xx'] / result.duration,
    requests: result['2xx'],
    p50: result.latency.p50,
    p99: result.latency.p99,
    failed: result.non2xx + result.errors,
  }
}
