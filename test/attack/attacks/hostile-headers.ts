import { type Attack, get, head } from '../hostile-client.ts'

const LONG = 15_000
const HEADERS: Record<string, string>[] = [
  { Authorization: `Bearer ${'ey'.repeat(LONG / 2)}` },
  { Authorization: `Basic ${'YTph'.repeat(LONG / 4)}` },
  { Authorization: `Bearer ${'a.'.repeat(LONG / 2)}` },
  { 'X-Request-Id': 'ey-'.repeat(LONG / 3) },
  { 'X-Forwarded-For': '1, '.repeat(LONG / 3) },
  { Cookie: 'a=b; '.repeat(LONG / 5) },
  { 'If-None-Match': '"a",'.repeat(LONG / 4) },
  Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`X-${i}`, 'ey'.repeat(10)])),
]
const LINES = ['GET /admin/v1/clients', 'GET /oauth/register/x', 'GET /docs', 'POST /oauth/token']

export const attack: Attack = {
  says: '60 connections send headers of 15 KB',
  connections: 60,
  async run({ ask }) {
    let i = 0
    await ask(60, () => {
      i += 1
      const headers = HEADERS[i % HEADERS.length] ?? {}
      const line = LINES[Math.floor(i / HEADERS.length) % LINES.length] ?? 'GET /'
      return line.startsWith('GET') ? get(line.slice(4), headers) : head(line, headers)
    })
  },
}
