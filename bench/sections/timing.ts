// Response times of refused credentials, by case: an attacker who measures them must not learn which clients exist.
// The client uses one connection to one server process on this machine. The order of the cases alternates with each round.
// The z of a rank test (Mann-Whitney) compares each case with an unknown client; |z| under 3 is noise.
import { randomBytes } from 'node:crypto'
import type { Run, Target } from '../result.ts'
import { createClient, newPlace, startLatchkey } from '../support/latchkey.ts'
import { type Target as Asked, ask, basic, formTarget } from '../support/requests.ts'
import { median } from '../support/statistics.ts'

const MAX_Z = 3
/** Random, as a client's id is: the log escapes and hides parts of it in a time that depends on its characters. */
const UNKNOWN_ID = `lkc_${randomBytes(16).toString('base64url')}`
const WRONG = 'x'.repeat(43)

type Case = { name: string; target: Asked }
type Length = { rounds: number; warmUp: number }

/** Normal approximation of the rank sum of `a` in both samples. Ties are ignored: equal times are rare. */
const rankZ = (a: number[], b: number[]): number => {
  const all = [...a.map((time) => [time, 1] as const), ...b.map((time) => [time, 0] as const)]
  all.sort(([x], [y]) => x - y)
  const ranks = all.reduce((sum, [, own], index) => sum + own * (index + 1), 0)
  const m = a.length
  const n = b.length
  const u = ranks - (m * (m + 1)) / 2
  return (u - (m * n) / 2) / Math.sqrt((m * n * (m + n + 1)) / 12)
}

/** @returns the microseconds of each case's refusals, one request at a time */
const sample = async (cases: readonly Case[], { rounds, warmUp }: Length): Promise<number[][]> => {
  const samples = cases.map((): number[] => [])
  const order = [...cases.keys()]
  for (let round = -warmUp; round < rounds; round++) {
    for (const i of round % 2 === 0 ? order : order.toReversed()) {
      const { name, target } = cases[i]!
      const { status, ms } = await ask(target)
      if (status !== 401) throw new Error(`${name}: ${status}, expected 401`)
      if (round >= 0) samples[i]?.push(ms * 1_000)
    }
  }
  return samples
}

const login = (port: number, id: string): Asked =>
  formTarget(port, '/oauth/token', {
    authorization: basic({ clientId: id, secret: `lks_${WRONG}` }),
    form: { grant_type: 'client_credentials' },
  })

const configuration = (port: number, id: string): Asked => ({
  port,
  method: 'GET',
  path: `/oauth/register/${id}`,
  headers: { Authorization: `Bearer lkr_${WRONG}` },
})

export const run: Run = async ({ quick }) => {
  const length = quick ? { rounds: 500, warmUp: 100 } : { rounds: 5_000, warmUp: 500 }
  const place = newPlace()
  const { port } = await startLatchkey(place)
  const { clientId } = createClient(place)
  const rows: string[][] = []
  const targets: Target[] = []
  for (const [endpoint, of] of [
    ['POST /oauth/token', login],
    ['GET /oauth/register/:client_id', configuration],
  ] as const) {
    const cases = [
      { name: 'unknown client', target: of(port, UNKNOWN_ID) },
      { name: 'known client', target: of(port, clientId) },
    ]
    const [unknown = [], known = []] = await sample(cases, length)
    const z = rankZ(known, unknown)
    const medians = [unknown, known].map((times) => median(times).toFixed(1))
    rows.push([`\`${endpoint}\``, ...medians, z.toFixed(1)])
    targets.push({
      text: `z of \`${endpoint}\`, absolute`,
      value: Math.abs(z),
      unit: '',
      most: MAX_Z,
    })
  }
  const columns = ['', 'unknown client, µs', 'known client, µs', 'z']
  const title = `${length.rounds} refusals of each case in turns, one connection; medians`
  return { tables: [{ title, columns, rows }], targets, notes: [] }
}
