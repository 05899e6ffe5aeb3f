// The token endpoint with databases of different sizes. The requests name clients at random.
import type { Run } from '../result.ts'
import {
  type Place,
  type Server,
  createClient,
  newPlace,
  startLatchkey,
} from '../support/latchkey.ts'
import { authorizationOf } from '../support/numbered-clients.ts'
import { addClients, addRules } from '../support/numbered-database.ts'
import { residentMegabytes, treeOf } from '../support/proc.ts'
import { type Target, formTarget } from '../support/requests.ts'
import {
  COLUMNS,
  described,
  failuresOf,
  lengthOf,
  measureRounds,
  rateRatio,
  rowOf,
} from '../support/rounds.ts'
import { checkedTokens } from '../support/tokens.ts'

const SCOPE = 'hook:govern hook:track'
const FEW = 100
const CHECKED = 2_000

type Size = { name: string; clients: number; rules: number }

const sizesOf = (quick: boolean): Size[] => {
  const many = quick ? 10_000 : 1_000_000
  const sizes = [FEW, many / 10, many].map((clients) => {
    return { name: `${clients.toLocaleString('en')} clients`, clients, rules: 0 }
  })
  const name = `${FEW} clients, ${many.toLocaleString('en')} live rules`
  return [...sizes, { name, clients: FEW, rules: many }]
}

const startWith = async ({ clients, rules }: Size): Promise<Server> => {
  const place: Place = newPlace()
  const first = await startLatchkey(place) // makes the database
  const client = createClient(place)
  first.child.kill()
  await new Promise((resolve) => first.child.once('exit', resolve))
  addClients(place.database, client, clients)
  if (rules > 0) addRules(place.database, rules)
  return startLatchkey(place)
}

const targetOf = (port: number, clients: number, number: number): Target => ({
  ...formTarget(port, '/oauth/token', {
    authorization: authorizationOf(number),
    form: { grant_type: 'client_credentials', audience: 'hook' },
  }),
  clients,
})

export const run: Run = async ({ quick }) => {
  const sizes = sizesOf(quick)
  const servers: Server[] = []
  for (const size of sizes) servers.push(await startWith(size))
  const jtis = new Set<unknown>()
  for (const [i, { clients }] of sizes.entries()) {
    const { port, jwks } = servers[i]!
    const next = (): Target => targetOf(port, clients, Math.floor(Math.random() * clients))
    await checkedTokens(next, { jwks }, { aud: 'hook', scope: SCOPE, jtis, count: CHECKED })
  }
  const contestants = sizes.map(({ name, clients }, i) => {
    const { port, pid } = servers[i]!
    return { name, pid, target: targetOf(port, clients, 0) }
  })
  const length = lengthOf(quick)
  const figures = await measureRounds(contestants, length)
  const memory = servers.map(({ pid }) => residentMegabytes(treeOf(pid)))
  const few = figures[0]!
  const rate = (i: number, least: number) => ({
    text: `Rate with ${sizes[i]!.name}, of ${FEW} clients`,
    value: rateRatio(figures[i]!, few),
    unit: '×',
    least,
  })
  return {
    tables: [
      {
        title: `${described(length)}; ${jtis.size} tokens were verified`,
        columns: [...COLUMNS, 'memory, MB', 'rate of the first'],
        rows: figures.map((one, i) => [
          ...rowOf(one),
          memory[i]!.toFixed(0),
          rateRatio(one, few).toFixed(2),
        ]),
      },
    ],
    targets: [
      rate(1, 0.93),
      rate(2, 0.93),
      {
        text: `Memory with ${sizes[2]!.name}, of ${FEW} clients`,
        value: memory[2]! / memory[0]!,
        unit: '×',
        most: 1.2,
      },
      rate(3, 0.97),
    ],
    notes: failuresOf(figures),
  }
}
