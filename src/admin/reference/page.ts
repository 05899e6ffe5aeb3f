// `GET /docs`: the OpenAPI document and the codes of all refusals as a page for people. Without its script, the page has
// everything but the filter, the copy buttons and "Try it".
import { html } from 'hono/html'
import type { oas31 } from 'zod-openapi'
import { VERSION } from '../../constants.ts'
import type { AppContext, Deps } from '../../deps.ts'
import { createDocument } from '../../http/document.ts'
import { CODES, type Code, groupOf } from './codes.ts'
import { firstCalls } from './curl.ts'
import { SCRIPT_HEADERS, pageOf } from './html.ts'
import { openApiDocument } from './openapi-document.ts'
import { bodyNameOf, operationCard } from './operation.ts'
import { type Operation, operationsOf, titleOf } from './paths.ts'
import { type Markup, fieldsOf, inline, membersOf, prose } from './schema.ts'
import { tryIt } from './try-it.ts'

/** Makes the page once, at the first request. */
export const reference = ({ issuer }: Pick<Deps, 'issuer'>) => {
  const send = createDocument()
  let page: string | null = null
  return async (c: AppContext) => {
    page ??= String(await referencePage(openApiDocument(issuer), issuer))
    return send(c, page, SCRIPT_HEADERS)
  }
}

export const referencePage = (document: oas31.OpenAPIObject, issuer: string): Markup => {
  const operations = operationsOf(document)
  const { info, components } = document
  const bodies = new Set(operations.map(bodyNameOf))
  const schemas = Object.entries(components?.schemas ?? {})
    .filter(([name]) => !bodies.has(name))
    .map(([name, schema]) => [name, schema as oas31.SchemaObject] as const)
  return pageOf(
    { title: info.title, script: true },
    html`<a class="skip" href="#content">To the content</a>
      <header class="top">
        <p><a href="/">Latchkey</a> ${VERSION}</p>
        <h1>${info.title}</h1>
        <p>
          API ${info.version} at <code>${issuer}</code>, also as
          <a href="/openapi.json">openapi.json</a>
        </p>
      </header>
      <div class="page">
        <div class="side">${filterBox()} ${contents(document, operations)}</div>
        <main id="content">
          <section aria-labelledby="first-calls">
            <h2 id="first-calls">First calls</h2>
            ${prose(info.description ?? '')}
            <p>With the id and the secret of an administrator, in a shell:</p>
            <figure>
              <figcaption>Request a token, then the list of clients</figcaption>
              <pre><code>${firstCalls(issuer)}</code></pre>
            </figure>
          </section>
          ${nounsOf(document).map((noun) => nounSection(noun, { operations, document, issuer }))}
          <section aria-labelledby="schemas">
            <h2 id="schemas">Schemas</h2>
            ${schemas.map(([name, schema]) => schemaCard(name, schema))}
          </section>
          ${codeSection(CODES)}
        </main>
      </div>
      ${tryIt()}`,
  )
}

type Noun = { name: string; description?: string }

const nounsOf = ({ tags = [] }: oas31.OpenAPIObject): Noun[] => tags

const belongsTo =
  ({ name }: Noun) =>
  ({ tags = [] }: Operation): boolean =>
    tags.includes(name)

/** The script shows it. */
const filterBox = (): Markup =>
  html`<div class="filter" role="search" hidden>
    <label for="filter">Filter <kbd>/</kbd></label>
    <input
      id="filter"
      type="search"
      placeholder="name, path, field or code"
      autocomplete="off"
      spellcheck="false"
      aria-describedby="matches"
    />
    <p id="matches" class="quiet" role="status"></p>
  </div>`

const contents = (document: oas31.OpenAPIObject, operations: readonly Operation[]): Markup =>
  html`<nav class="contents" aria-label="Contents">
    <ul>
      <li><a href="#first-calls">First calls</a></li>
      ${nounsOf(document).map(
        (noun) =>
          html`<li>
            <a href="#noun-${noun.name}">${capitalized(noun.name)}</a>
            <ul>
              ${operations.filter(belongsTo(noun)).map(contentsLine)}
            </ul>
          </li>`,
      )}
      <li><a href="#schemas">Schemas</a></li>
      <li><a href="#codes">Codes</a></li>
    </ul>
  </nav>`

const capitalized = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1)

const contentsLine = (operation: Operation): Markup =>
  html`<li><a href="#operation-${operation.operationId}">${titleOf(operation)}</a></li>`

const nounSection = (
  noun: Noun,
  context: { operations: readonly Operation[]; document: oas31.OpenAPIObject; issuer: string },
): Markup => {
  const own = context.operations.filter(belongsTo(noun))
  return html`<section aria-labelledby="noun-${noun.name}">
    <h2 id="noun-${noun.name}">${capitalized(noun.name)}</h2>
    ${prose(noun.description ?? '')}
    <ul class="operations">
      ${own.map(contentsLine)}
    </ul>
    ${own.map((operation) => operationCard(operation, context))}
  </section>`
}

const schemaCard = (name: string, schema: oas31.SchemaObject): Markup =>
  html`<article class="schema" id="schema-${name}">
    <h3><a href="#schema-${name}">${name}</a></h3>
    ${schema.description === undefined ? '' : prose(schema.description)}
    ${fieldsOf(membersOf(schema), 'optional')}
  </article>`

const CODE_GROUPS = [
  ['own', 'Codes of single operations'],
  ['change', 'Codes of every change'],
  ['every', 'Codes of every operation'],
] as const

/** Tables of all codes. The `type` of problem details is the address of a row. */
const codeSection = (codes: readonly Code[]): Markup =>
  html`<section aria-labelledby="codes">
    <h2 id="codes">Codes</h2>
    <p>Every refusal has one of these as its <code>code</code>. Codes are stable.</p>
    ${CODE_GROUPS.map(
      ([group, heading]) =>
        html`<section aria-labelledby="codes-${group}">
          <h3 id="codes-${group}">${heading}</h3>
          ${codeTable(codes.filter(({ code }) => groupOf(code) === group))}
        </section>`,
    )}
  </section>`

const codeTable = (codes: readonly Code[]): Markup =>
  html`<table class="codes">
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
