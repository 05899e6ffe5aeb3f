// The example of a request as a command of a shell. Pure: no I/O.
import { html } from 'hono/html'
import type { oas31 } from 'zod-openapi'
import { ADMIN_AUDIENCE } from '../../constants.ts'
import { BASE } from '../api/table.ts'
import type { Operation } from './paths.ts'
import { jsonOf } from './json.ts'
import type { Markup } from './schema.ts'

/** Sends the token through a pipe: arguments of a program are visible to other users of the machine. */
const WITH_TOKEN = `printf 'Authorization: Bearer %s' "$TOKEN" |\n  curl -sS -H @-`

/** Quotes a text for a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Text of a sample in a header, a path or a query: samples there are texts and numbers. */
const textOf = (value: unknown): string =>
  typeof value === 'number' ? String(value) : typeof value === 'string' ? value : ''

export const curlOf = (operation: Operation, issuer: string): Markup => {
  const { method, path, parameters = [], requestBody } = operation
  const given = parameters as oas31.ParameterObject[]
  const needed = given.filter(({ example }) => example !== undefined)
  const inPath = needed.filter((parameter) => parameter.in === 'path')
  const address = inPath.reduce(
    (known, { name, example }) => known.replace(`{${name}}`, encodeURIComponent(textOf(example))),
    issuer + BASE + path,
  )
  const query = needed
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, example }) => `${name}=${encodeURIComponent(textOf(example))}`)
  const headers = needed
    .filter((parameter) => parameter.in === 'header')
    .map(({ name, example }) => ` \\\n  -H ${quoted(`${name}: ${textOf(example)}`)}`)
  const url = quoted([address, ...query].join('?'))
  const verb = method === 'get' ? '' : ` -X ${method.toUpperCase()}`
  // The formatter removes line breaks from a template of html.
  const command = [`${WITH_TOKEN}${verb}`, url].join(' \\\n  ')
  return html`${command}${headers}${bodyOf(requestBody)}`
}

const bodyOf = (body: Operation['requestBody']): Markup | string => {
  if (body === undefined || !('content' in body)) return ''
  const example = Object.values(body.content)[0]?.example as unknown
  const text = jsonOf(example ?? {}).replaceAll("'", `'\\''`)
  const type = ` \\\n  -H 'Content-Type: application/json' \\\n  -d '`
  return html`${type}<span class="body">${text}</span>'`
}

/** Requests a token and sends the first request. */
export const firstCalls = (issuer: string): string => `CLIENT_ID='lkc_…'
CLIENT_SECRET='lks_…'

TOKEN=$(printf 'user = "%s:%s"' "$CLIENT_ID" "$CLIENT_SECRET" |
  curl -sS -K - \\
  -d grant_type=client_credentials -d audience=${ADMIN_AUDIENCE} \\
  ${issuer}/oauth/token | sed -E 's/.*"access_token":"([^"]+)".*/\\1/')

${WITH_TOKEN} ${issuer}${BASE}/clients`
