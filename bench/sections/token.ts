// The token endpoint beside servers that do less, as much, or the same with another library.
import { basic, formTarget } from '../support/requests.ts'
import { type Credentials, type Running, startComparison } from '../support/comparison.ts'
import { type Place, createClient, newPlace, startLatchkey } from '../support/latchkey.ts'
import { versionOf } from '../support/environment.ts'
import {
  COLUMNS,
  type Contestant,
  type Figures,
  figuresOf,
  described,
  failuresOf,
  lengthOf,
  measureRounds,
  rateRatio,
  rowOf,
} from '../support/rounds.ts'
import { median, pairedRatio } from '../support/statistics.ts'
import { checkedTokens, claimsOf } from '../support/tokens.ts'
import type { Run, SectionResult } from '../result.ts'

const AUDIENCE = 'hook'
/** Audience for Better Auth, which requires a URI (RFC 8707 §2). */
const RESOURCE = 'urn:audience:hook'
const SCOPE = 'hook:govern hook:track'
/** Tokens that are verified before the rounds, and again after them. */
const CHECKED = 2_000
const WORKERS = '2'

type Form = Record<string, string>
/** Difference from the request to the others: parameters that the library requires, its address, and `aud`. */
type Asked = { form?: Form; path?: string; aud?: string }
type Server = { name: string; running: Running; asked?: Asked }
type Opponent = {
  name: string
  file: string
  processes?: number
  library?: string
  asked?: Asked
}

const OPPONENTS: readonly Opponent[] = [
  { name: 'bare, asynchronous signature', file: 'bare' },
  { name: 'bare, two processes', file: 'bare', processes: 2 },
  { name: 'Hono + jose', file: 'hono', library: 'hono' },
  {
    name: 'oidc-provider',
    file: 'oidc-provider',
    library: 'oidc-provider',
    asked: { form: { scope: SCOPE } },
  },
  { name: '@jmondi/oauth2-server', file: 'jmondi', library: '@jmondi/oauth2-server' },
  {
    name: 'Better Auth',
    file: 'better-auth',
    library: 'better-auth',
    asked: {
      form: { scope: SCOPE, resource: RESOURCE },
      path: '/api/auth/oauth2/token',
      aud: RESOURCE,
    },
  },
]

const targetOf = ({ port }: Running, client: Credentials, asked: Asked = {}) =>
  formTarget(port, asked.path ?? '/oauth/token', {
    authorization: basic(client),
    form: { grant_type: 'client_credentials', audience: AUDIENCE, ...asked.form },
  })

type Started = { servers: Server[]; client: Credentials; failures: string[] }

/** An opponent that does not start is left out. */
const startAll = async (place: Place): Promise<Started> => {
  const one = await startLatchkey(place)
  const client = createClient(place)
  const two = await startLatchkey(place, { LATCHKEY_WORKERS: WORKERS })
  const claims = await claimsOf(targetOf(one, client))
  const servers: Server[] = [
    { name: 'Latchkey', running: one },
    { name: 'Latchkey, LATCHKEY_WORKERS=2', running: two },
  ]
  const failures: string[] = []
  for (const { name, file, processes = 1, asked } of OPPONENTS) {
    try {
      const running = await startComparison(file, { ...client, claims, processes })
      servers.push({ name, running, ...(asked && { asked }) })
    } catch (error) {
      failures.push(`${name} failed and is left out: ${String(error)}`)
    }
  }
  return { servers, client, failures }
}

export const run: Run = async ({ quick }) => {
  const { servers, client, failures } = await startAll(newPlace())
  const jtis = new Set<unknown>()
  const checkAll = async (checked: readonly Server[]): Promise<void> => {
    for (const { running, asked } of checked) {
      const expected = {
        aud: asked?.aud ?? AUDIENCE,
        scope: SCOPE,
        jtis,
        count: quick ? CHECKED / 10 : CHECKED,
      }
      await checkedTokens(targetOf(running, client, asked), running, expected)
    }
  }
  await checkAll(servers)
  const contestants = servers.map(({ name, running, asked }): Contestant => {
    return { name, pid: running.pid, target: targetOf(running, client, asked) }
  })
  const length = lengthOf(quick)
  const figures = await measureRounds(contestants, length)
  await checkAll(servers.filter((_, i) => figures[i]?.failure === undefined))
  const result = resultOf(figures, `${described(length)}; ${jtis.size} tokens were verified`)
  return { ...result, notes: [...failures, ...failuresOf(figures)] }
}

const resultOf = (figures: Figures[], title: string): SectionResult => {
  const of = (name: string): Figures => figures.find((one) => one.name === name) ?? figuresOf(name)
  const ours = of('Latchkey')
  const bare = of('bare, asynchronous signature')
  const two = of('Latchkey, LATCHKEY_WORKERS=2')
  const rate = (text: string, value: number, least: number) => ({ text, value, unit: '×', least })
  return {
    tables: [
      {
        title,
        columns: [...COLUMNS, 'of bare'],
        rows: figures.map((one) => [...rowOf(one), rateRatio(one, bare).toFixed(2)]),
      },
    ],
    targets: [
      rate('Rate, of the bare asynchronous server', rateRatio(ours, bare), 0.8),
      { text: 'CPU of a token', value: median(ours.cpuMs), unit: 'ms', most: 0.36 },
      {
        text: 'p99, of the bare server',
        value: pairedRatio(ours.p99, bare.p99),
        unit: '×',
        most: 1.3,
      },
      rate(
        'Rate with two workers, of the bare two processes',
        rateRatio(two, of('bare, two processes')),
        0.85,
      ),
      rate('Rate, of oidc-provider', rateRatio(ours, of('oidc-provider')), 1.5),
    ],
    notes: [],
    versions: Object.fromEntries(
      ['jose', ...OPPONENTS.flatMap(({ library }) => library ?? [])].map((name) => [
        name,
        versionOf(name),
      ]),
    ),
    bars: figures.map(({ name, perSecond }) => ({
      label: name,
      value: median(perSecond),
      ours: name.startsWith('Latchkey'),
    })),
  }
}
