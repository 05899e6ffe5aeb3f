// Requests of at most 64 KiB that a stranger can send, each made to be expensive.
import { FORM_PATHS, PUBLIC_PATHS } from '../support/addresses.ts'
import { type Target, basic, get, head, post } from './hostile-client.ts'
import { MAX_REQUEST_BYTES } from './bounds.ts'

type Cost = { name: string; request: (target: Target, i: number) => string }

/** A path, or a header, as long as the HTTP parser lets it pass. */
const LINE = 15_000
/** A body, with room for the head. */
const BODY = MAX_REQUEST_BYTES - 1_024

const filled = (unit: string, length: number): string =>
  unit.repeat(Math.ceil(length / unit.length)).slice(0, length)

/** Text over which patterns with an open quantifier backtrack. */
const UNITS = [
  'ey',
  'a',
  '-',
  '.',
  'eyJ.',
  '%2e',
  '%65',
  '/',
  '../',
  'lkc_',
  'lks_',
  '_-',
  '=',
  ' a',
  ':',
]

const paths: Cost[] = [
  '/',
  '/oauth/',
  '/admin/v1/',
  '/admin/v1/clients/',
  '/oauth/register/',
  '/?a=',
].flatMap((prefix) =>
  UNITS.map((unit) => ({
    name: `a path of 15 KB, ${prefix} and ${unit} again and again`,
    request: () => get(prefix + filled(unit.replace(' ', '+'), LINE)),
  })),
)

const HEADERS = [
  'Authorization',
  'X-Request-Id',
  'X-Forwarded-For',
  'If-None-Match',
  'Accept',
  'Cookie',
]
const LINES = ['/admin/v1/clients', '/oauth/register/lkc_x', '/docs', '/metrics']

const headers: Cost[] = HEADERS.flatMap((name) =>
  UNITS.map((unit, i) => ({
    name: `${name} of 15 KB, ${unit} again and again`,
    request: () => {
      const scheme = name === 'Authorization' ? 'Bearer ' : ''
      return get(LINES[i % LINES.length] ?? '/', { [name]: scheme + filled(unit, LINE) })
    },
  })),
)

const json = (path: string, body: string): string =>
  head(`POST ${path}`, {
    Authorization: `Bearer lke_${'x'.repeat(43)}`,
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
  }) + body

const nested = (open: string, close: string): string =>
  filled(open, BODY / 2) + filled(close, BODY / 2)

const DETAILS = JSON.stringify(
  Array.from({ length: 100 }, (_, i) => ({
    type: 'tool_run',
    identifier: `r${i}`,
    project_id: 'p',
    locations: '*',
    actions: Array.from({ length: 40 }, (__, j) => `a${j}`),
  })),
).slice(0, BODY)

const FORMS: Record<string, string> = {
  'thousands of parameters': Array.from({ length: BODY / 8 }, (_, i) => `p${i}=1`)
    .join('&')
    .slice(0, BODY),
  'the same parameter again and again': filled('scope=a&', BODY),
  'a value that is all escapes': `scope=${filled('%41', BODY - 8)}`,
  'nothing but separators': filled('&', BODY),
  'nothing but equals signs': filled('=', BODY),
  'a scope of thousands of words': `scope=${filled('a+', BODY - 8)}`,
  'a token of parts': `token=${filled('ey.', BODY - 8)}`,
  'nested lists': `authorization_details=${nested('[', ']')}`.slice(0, BODY),
  'many details': `authorization_details=${encodeURIComponent(DETAILS)}`.slice(0, BODY),
  'a long secret': `client_id=x&client_secret=${filled('%61', BODY - 40)}`,
}

const forms: Cost[] = FORM_PATHS.flatMap((path) =>
  Object.entries(FORMS).map(([name, form]) => ({
    name: `${path} with ${name}`,
    request: ({ closer }) =>
      post(path, `grant_type=client_credentials&${form}`.slice(0, BODY), {
        Authorization: basic({ id: closer.id, secret: `lks_${'x'.repeat(43)}` }),
      }),
  })),
)

const BODIES: Record<string, string> = {
  'nested lists': nested('[', ']'),
  'nested objects': filled('{"a":', BODY),
  'thousands of members': `{${Array.from({ length: BODY / 12 }, (_, i) => `"m${i}":1`).join()}}`,
  'the same member again and again': `{${filled('"a":1,', BODY - 10)}"a":1}`,
  'a text of escapes': `{"client_name":"${filled('\\u0061', BODY - 24)}"}`,
  'a number of many digits': filled('9', BODY),
}

const bodies: Cost[] = ['/oauth/register', '/admin/v1/clients'].flatMap((path) =>
  Object.entries(BODIES).map(([name, body]) => ({
    name: `${path} with ${name}`,
    request: () => json(path, body.slice(0, BODY)),
  })),
)

const encode = (text: string): string => Buffer.from(text).toString('base64url')
const tokens: Cost[] = ['RS256', 'ES256', 'none', 'x'].map((alg) => ({
  name: `a token of 8 KB, ${alg}, of an unknown key`,
  request: (_, i) => {
    const header = encode(JSON.stringify({ alg, typ: 'at+jwt', kid: `k${i}` }))
    const claims = encode(JSON.stringify({ iss: 'x', aud: 'latchkey', padding: 'x'.repeat(5_000) }))
    const authorization = `Bearer ${header}.${claims}.${encode('x'.repeat(256))}`
    return get('/admin/v1/clients', { Authorization: authorization })
  },
}))

const documents: Cost[] = [
  '/',
  '/docs',
  '/openapi.json',
  '/healthz',
  '/readyz',
  '/metrics',
  ...PUBLIC_PATHS,
].map((path) => ({ name: path, request: () => get(path) }))

const cursors: Cost[] = [
  ['no cursor of ours', () => 'x'],
  ['a cursor of another epoch', (i: number) => `e${i}.${String(i).padStart(16, '0')}`],
  ['a cursor of thousands of characters', () => filled('a', LINE)],
].map(([name, after]) => ({
  name: `the list after ${name as string}`,
  request: (_, i) => get(`/oauth/revocations?after=${(after as (i: number) => string)(i)}`),
}))

const CHUNKED = { 'Transfer-Encoding': 'chunked' }
const FORM_TYPE = { 'Content-Type': 'application/x-www-form-urlencoded' }
/** Chunked body of as many bytes as a request may have, with room for its head. */
const CHUNKED_BYTES = 65_000

const framings: Cost[] = ['/oauth/token', '/oauth/register', '/docs', '/admin/v1/clients'].flatMap(
  (path) => {
    const chunked = (name: string, body: string): Cost => ({
      name: `${path}: ${name}`,
      request: () => `${head(`POST ${path}`, { ...FORM_TYPE, ...CHUNKED })}${body}0\r\n\r\n`,
    })
    const repeated = (text: string): string => text.repeat(CHUNKED_BYTES / text.length)
    const lines = repeated('\r\n\r\n')
    return [
      chunked('chunks of one byte', repeated('1\r\na\r\n')),
      chunked('chunks of an empty line', repeated('4\r\n\r\n\r\n\r\n')),
      chunked('one chunk of empty lines', `${lines.length.toString(16)}\r\n${lines}\r\n`),
      { name: `${path}: a body of empty lines`, request: () => post(path, lines) },
      { name: `${path}: empty lines before the request`, request: () => lines + get(path) },
      { name: `${path}: empty lines and rubbish`, request: () => `${lines}XX\r\n\r\n` },
    ]
  },
)

export const COSTS: Record<string, Cost[]> = {
  paths,
  headers,
  forms,
  bodies,
  framings,
  tokens,
  documents,
  cursors,
}
