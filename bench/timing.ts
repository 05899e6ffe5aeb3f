// Response times of refused credentials, by case: an attacker who measures them must not learn which clients exist.
// One server process on this machine and one connection; the order of the cases alternates with each round.
// Prints each case's median and its z in a rank test (Mann-Whitney) against the first case; |z| under 3 is noise.
//   npm run bench:timing      (npm run build first)
import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { startLatchkey } from './servers.ts'

const short = process.argv.includes('--short')
const ROUNDS = short ? 500 : 5_000
const WARM_UP_ROUNDS = short ? 100 : 500
/** Random, as a client's id is: the log escapes and hides parts of it in a time that depends on its characters. */
const UNKNOWN_ID = `lkc_${randomBytes(16).toString('base64url')}`
const WRONG = 'x'.repeat(43)

type Wrong = { name: string; ask: () => Promise<number | undefined> }
type Samples = Map<string, number[]>

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** Normal approximation of the rank sum of `a` in both samples. Ties are ignored: equal times are rare. */
const rankZ = (a: number[], b: number[]): number => {
  const all = [...a.map((time) => [time, 1] as const), ...b.map((time) => [time, 0] as const)]
  all.sort(([x], [y]) => x - y)
  const ranks = all.reduce((sum, [, own], index) => sum + own * (index + 1), 0)
  const [m, n] = [a.length, b.length]
  const u = ranks - (m * (m + 1)) / 2
  return (u - (m * n) / 2) / Math.sqrt((m * n * (m + n + 1)) / 12)
}

const sample = async (cases: Wrong[]): Promise<Samples> => {
  const samples: Samples = new Map(cases.map(({ name }) => [name, []]))
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    for (const one of round % 2 === 0 ? cases : cases.toReversed()) {
      const start = performance.now()
      const status = await one.ask()
      const time = performance.now() - start
      if (status !== 401) throw new Error(`${one.name}: ${status}, expected 401`)
      if (round >= 0) samples.get(one.name)?.push(time * 1_000)
    }
  }
  return samples
}

const { port, clientId } = await startLatchkey()
const agent = new Agent({ keepAlive: true, maxSockets: 1 })

const ask = (method: string, path: string, headers: Record<string, string>, body = '') =>
  new Promise<number | undefined>((resolve, reject) => {
    const sent = request({ agent, port, host: '127.0.0.1', method, path, headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
    })
    sent.on('error', reject).end(body)
  })

const login = (id: string) => {
  const body = 'grant_type=client_credentials'
  return ask(
    'POST',
    '/oauth/token',
    {
      Authorization: `Basic ${Buffer.from(`${id}:lks_${WRONG}`).toString('base64')}`,
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': String(body.length),
    },
    body,
  )
}
const configuration = (id: string) =>
  ask('GET', `/oauth/register/${id}`, { Authorization: `Bearer lkr_${WRONG}` })

for (const [title, one] of [
  ['POST /oauth/token', login],
  ['GET /oauth/register/:client_id', configuration],
] as const) {
  const cases = [
    { name: 'unknown client', ask: () => one(UNKNOWN_ID) },
    { name: 'known client', ask: () => one(clientId) },
  ]
  console.log(title)
  const samples = [...(await sample(cases))]
  const first = samples[0]?.[1] ?? []
  for (const [name, times] of samples) {
    const z = rankZ(times, first).toFixed(1)
    console.log(`  ${name.padEnd(16)} ${median(times).toFixed(1).padStart(8)} µs   z ${z}`)
  }
}
process.exit()
