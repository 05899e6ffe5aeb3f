// `GET /docs`: the OpenAPI document and the codes of all refusals as a page for people. The page loads nothing and has
// no script: its one style sheet is inline, and the policy has the style sheet's hash.
import { html } from 'hono/html'
import type { oas31 } from 'zod-openapi'
import { ADMIN_AUDIENCE } from '../../constants.ts'
import type { AppContext, Deps } from '../../deps.ts'
import { createDocument } from '../../http/document.ts'
import { CODES, type Code } from './codes.ts'
import { PAGE_HEADERS, pageOf } from './html.ts'
import { openApiDocument } from './openapi-document.ts'
import { type Operation, operationCard, operationsOf } from './operation.ts'
import { type Markup, inline, memberTable, membersOf, prose } from './schema.ts'
import { BASE } from '../api/table.ts'

/** Makes the page once, at the first request. */
export const reference = ({ issuer }: Pick<Deps, 'issuer'>) => {
  const send = createDocument()
  let page: string | null = null
  return async (c: AppContext) => {
    page ??= String(await referencePage(openApiDocument(issuer), issuer))
    return send(c, page, PAGE_HEADERS)
  }
}

export const referencePage = (document: oas31.OpenAPIObject, issuer: string): Markup => {
  const operations = operationsOf(document)
  const { info, components } = document
  const schemas = Object.entries(components?.schemas ?? {}) as [string, oas31.SchemaObject][]
  return pageOf(
    info.title,
    html`<a class="skip" href="#content">To the content</a>
      <div class="page">
        ${contents(document, operations)}
        <main id="content">
          <h1>${info.title}</h1>
          ${prose(info.description ?? '')} ${firstCalls(issuer)}
          ${nounsOf(document).map((noun) => nounSection(noun, { operations, document }))}
          <h2 id="schemas">Schemas</h2>
          ${schemas.map(([name, schema]) => schemaCard(name, schema))} ${codeSection(CODES)}
        </main>
      </div>`,
  )
}

type Noun = { name: string; description?: string }

const nounsOf = ({ tags = [] }: oas31.OpenAPIObject): Noun[] => tags

const belongsTo =
  ({ name }: Noun) =>
  ({ tags = [] }: Operation): boolean =>
    tags.includes(name)

const contents = (document: oas31.OpenAPIObject, operations: readonly Operation[]): Markup =>
  html`<nav aria-label="Contents">
    <ul>
      <li><a href="#first-calls">First calls</a></li>
      ${nounsOf(document).map(
        (noun) =>
          html`<li>
            <a href="#noun-${noun.name}">${noun.name}</a>
            <ul>
              ${operations.filter(belongsTo(noun)).map(contentsLine)}
            </ul>
          </li>`,
      )}
      <li><a href="#schemas">Schemas</a></li>
      <li><a href="#codes">Codes</a></li>
      <li><a href="/openapi.json">openapi.json</a></li>
    </ul>
  </nav>`

const contentsLine = ({ operationId }: Operation): Markup =>
  html`<li><a href="#operation-${operationId}">${operationId}</a></li>`

const firstCalls = (issuer: string): Markup =>
  html`<h2 id="first-calls">First calls</h2>
    <p>With the id and the secret of an administrator, in a shell:</p>
    <pre tabindex="0"><code>${curl(issuer)}</code></pre>`

const curl = (issuer: string): string => `CLIENT_ID='lkc_…'
CLIENT_SECRET='lks_…'

TOKEN=$(printf 'user = "%s:%s"' "$CLIENT_ID" "$CLIENT_SECRET" |
  curl -sS -K - \\
  -d grant_type=client_credentials -d audience=${ADMIN_AUDIENCE} \\
  ${issuer}/oauth/token | sed -E 's/.*"access_token":"([^"]+)".*/\\1/')

printf 'Authorization: Bearer %s\\n' "$TOKEN" | curl -sS -H @- ${issuer}${BASE}/clients`

const nounSection = (
  noun: Noun,
  { operations, document }: { operations: readonly Operation[]; document: oas31.OpenAPIObject },
): Markup =>
  html`<section aria-labelledby="noun-${noun.name}">
    <h2 id="noun-${noun.name}">${noun.name}</h2>
    ${prose(noun.description ?? '')}
    ${operations.filter(belongsTo(noun)).map((operation) => operationCard(operation, document))}
  </section>`

const schemaCard = (name: string, schema: oas31.SchemaObject): Markup =>
  html`<article class="card" id="schema-${name}">
    <h3>${name}</h3>
    ${schema.description === undefined ? '' : prose(schema.description)}
    ${memberTable(`Members of ${name}`, membersOf(schema))}
  </article>`

/** Table of all codes. The `type` of problem details is the address of a row. */
const codeSection = (codes: readonly Code[]): Markup =>
  html`<h2 id="codes">Codes</h2>
    <p>Every refusal has one of these as its <code>code</code>. Codes are stable.</p>
    <table class="codes">
      <thead>
        <tr>
          <th scope="col">Code</th>
          <th scope="col">Status</th>
          <th scope="col">Meaning</th>
          <th scope="col">Remedy</th>
        </tr>
      </thead>
      <tbody>
        ${codes.map(codeRow)}
      </tbody>
    </table>`

const codeRow = ({ code, status, title, remedy }: Code): Markup =>
  html`<tr id="${code}">
    <th scope="row"><code>${code}</code></th>
    <td>${status}</td>
    <td>${title}</td>
    <td>${inline(remedy)}</td>
  </tr>`
