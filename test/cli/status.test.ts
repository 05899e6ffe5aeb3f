// The server that `status` asks, and sizes as text.
import { describe, expect, it } from 'vitest'
import type { Status } from '../../src/admin/views/status.ts'
import { probe } from '../../src/cli/probe.ts'
import { bytesText, serverText, summary } from '../../src/cli/status.ts'
import { loadConfig } from '../../src/config.ts'
import { MAX_METRICS_BYTES } from '../../src/constants.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const METRICS = `# HELP x y
process_start_time_seconds ${NOW / 1000 - 90}
latchkey_revocation_waiters 3
latchkey_build_info{version="0.1.0"} 1
`
const ANSWERS: Record<string, () => Response> = {
  '/readyz': () => Response.json({ status: 'ok' }),
  '/metrics': () => new Response(METRICS),
}

const probed = async (
  environment: Record<string, string>,
  answers: Record<string, () => Response> = ANSWERS,
) => {
  const asked: [url: string, authorization: string | null][] = []
  const request = async (url: unknown, init?: RequestInit): Promise<Response> => {
    asked.push([String(url), new Headers(init?.headers).get('authorization')])
    const answer = answers[new URL(String(url)).pathname]
    if (answer === undefined) throw new TypeError('fetch failed')
    return answer()
  }
  return { server: await probe(loadConfig(environment), request as typeof fetch, NOW), asked }
}

describe('status of a server', () => {
  it('has version, time of running and waiting followers', async () => {
    expect((await probed({})).server).toEqual({
      state: 'running',
      address: 'http://127.0.0.1:8787',
      version: '0.1.0',
      uptime_seconds: 90,
      followers: 3,
    })
  })

  it('is not_running where nothing answers, and not_ready after a 503', async () => {
    expect((await probed({}, {})).server).toMatchObject({ state: 'not_running', version: null })
    const unready = { ...ANSWERS, '/readyz': () => new Response('', { status: 503 }) }
    expect((await probed({}, unready)).server).toMatchObject({ state: 'not_ready' })
  })

  it('sends no credentials, and requests no metrics that need a token', async () => {
    const withToken = await probed({ LATCHKEY_METRICS_TOKEN: 'a-token-of-16-characters' })
    expect(withToken.asked).toEqual([['http://127.0.0.1:8787/readyz', null]])
    const closed = await probed({ LATCHKEY_ISSUER: 'https://auth.example' })
    expect(closed.asked.map(([url]) => url)).not.toContain('http://127.0.0.1:8787/metrics')
    expect(closed.server).toMatchObject({ version: null, uptime_seconds: null, followers: null })
  })

  const start = (text: string) => ({ '/metrics': () => new Response(text) })
  const broken = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new Error('reset'))
    },
  })
  const endless = () => {
    let sent = 0
    return new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536
        if (sent > 8 * MAX_METRICS_BYTES) throw new Error('the whole answer was read')
        controller.enqueue(new TextEncoder().encode(METRICS.padEnd(65_536)))
      },
    })
  }
  const HOSTILE: readonly (readonly [what: string, answers: Record<string, () => Response>])[] = [
    ['no number', start('process_start_time_seconds oops\nlatchkey_revocation_waiters {}')],
    ['no value', start('process_start_time_seconds \nlatchkey_revocation_waiters ')],
    ['infinity', start('process_start_time_seconds -Infinity\nlatchkey_revocation_waiters 1e999')],
    ['no time', start('process_start_time_seconds -1e300\nlatchkey_revocation_waiters 0.5')],
    ['a long version', start(`latchkey_build_info{version="${'1'.repeat(65)}"} 1`)],
    ['a broken body', { '/metrics': () => new Response(broken) }],
    ['an endless body', { '/metrics': () => new Response(endless()) }],
  ]
  it.each(HOSTILE)('treats metrics of another listener as unknown: %s', async (_, metrics) => {
    const { server } = await probed({}, { ...ANSWERS, ...metrics })
    expect(server).toMatchObject({ version: null, uptime_seconds: null, followers: null })
    expect(serverText(server)).toBe('running at http://127.0.0.1:8787')
  })

  it.each([
    ['0.0.0.0', 'http://127.0.0.1:9000'],
    ['::', 'http://[::1]:9000'],
    ['10.0.0.1', 'http://10.0.0.1:9000'],
  ])('is read at an address that reaches %s', async (host, address) => {
    const environment = { LATCHKEY_HOST: host, LATCHKEY_PORT: '9000' }
    expect((await probed(environment)).server.address).toBe(address)
  })
})

const FIGURES = (count: number): Status => ({
  version: '0.1.0',
  server: null,
  database: { file: null, schema: null },
  keys: [],
  revocation: { rules: count, head: 1, epoch: 'e' },
  audit: { events: count, unsealed: 0, sealed_at: null, newest_seal: null },
  ledger: { tokens: count, file: null },
  disk_free_bytes: null,
})

it.each([
  [1, '1 rule,', '1 event,', '1 unexpired token,'],
  [2, '2 rules,', '2 events,', '2 unexpired tokens,'],
])('a status with %d of each has the noun in its number', (count, rules, events, tokens) => {
  const { revocations, audit, ledger } = summary(FIGURES(count), NOW)
  expect(revocations.startsWith(rules)).toBe(true)
  expect(audit.startsWith(events)).toBe(true)
  expect(ledger.startsWith(tokens)).toBe(true)
})

it.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [1.5 * 1024 ** 2, '1.5 MiB'],
  [2 ** 60, '1048576.0 TiB'],
])('%d bytes are shown as %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text)
})
