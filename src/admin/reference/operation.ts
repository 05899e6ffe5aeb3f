// One operation of the OpenAPI document as a card of the reference page. Pure: no I/O.
import { html } from 'hono/html'
import type { oas31 } from 'zod-openapi'
import { BASE } from '../api/table.ts'
import { CODES, groupOf } from './codes.ts'
import { curlOf } from './curl.ts'
import { jsonOf } from './json.ts'
import type { Operation } from './paths.ts'
import {
  type Markup,
  type Member,
  type Schema,
  fieldList,
  inline,
  linkTo,
  membersOf,
  nameOf,
  prose,
  typeOf,
} from './schema.ts'

export const operationCard = (
  operation: Operation,
  { document, issuer }: { document: oas31.OpenAPIObject; issuer: string },
): Markup => {
  const { operationId, method, path, summary, description } = operation
  return html`<article
    class="operation"
    id="operation-${operationId}"
    data-method="${method}"
    data-path="${BASE}${path}"
  >
    <h3><a href="#operation-${operationId}">${inline(summary ?? '')}</a></h3>
    <p class="address">
      <span class="method ${method}">${method}</span> <code>${BASE}${path}</code>
    </p>
    <div class="text">
      ${description === undefined ? '' : prose(description)}
      ${PLACES.map(([place, heading]) => fieldList(heading, parametersIn(operation, place)))}
      ${bodyFields(operation, document)} ${answers(operation)} ${refusals(operation)}
      <p class="quiet">
        Permission ${permissionsOf(operation).map(asCode)}, operation
        <code class="id">${operationId}</code>.
      </p>
    </div>
    <div class="examples">${requestFigure(operation, issuer)} ${answerFigure(operation)}</div>
  </article>`
}

const asCode = (text: string): Markup => html`<code>${text}</code>`

const permissionsOf = ({ security = [] }: Operation): string[] =>
  security.flatMap((requirement) => Object.values(requirement).flat())

const PLACES = [
  ['path', 'In the path'],
  ['query', 'In the query'],
  ['header', 'Headers'],
] as const

const parametersIn = ({ parameters = [] }: Operation, place: string): Member[] =>
  parameters
    .filter((parameter) => 'in' in parameter)
    .filter((parameter) => parameter.in === place)
    .map(({ name, required = false, schema = {}, description }) => ({
      name,
      required,
      schema,
      place,
      ...(description !== undefined && { description }),
    }))

/** Name of the schema of a body, whose members the card of the operation shows. */
export const bodyNameOf = ({ requestBody }: Operation): string | null =>
  nameOf(mediaIn(requestBody)?.schema)

const bodyFields = (operation: Operation, { components }: oas31.OpenAPIObject): Markup | string => {
  const schema = mediaIn(operation.requestBody)?.schema
  const name = bodyNameOf(operation)
  const resolved = name === null ? schema : components?.schemas?.[name]
  return fieldList('Body, as JSON', membersOf(resolved ?? {}))
}

type Holder = oas31.RequestBodyObject | oas31.ResponseObject | oas31.ReferenceObject | undefined
type Media = { schema?: Schema; example?: unknown }

const mediaIn = (holder: Holder): Media | undefined => {
  const content = holder !== undefined && 'content' in holder ? holder.content : undefined
  return Object.values(content ?? {})[0] as Media | undefined
}

type Answer = [status: string, response: oas31.ResponseObject]

const answersIn = ({ responses = {} }: Operation): Answer[] => Object.entries(responses) as Answer[]

const isRefusal = ([status]: Answer): boolean => Number(status) >= 400

const answers = (operation: Operation): Markup =>
  html`<h4>Answer</h4>
    <ul class="answers">
      ${answersIn(operation)
        .filter((answer) => !isRefusal(answer))
        .map(([status, response]) => html`<li><b>${status}</b> ${contentOf(response)}</li>`)}
    </ul>`

/** Schema of an answer, and its headers. */
const contentOf = (response: oas31.ResponseObject): Markup => {
  const schema = mediaIn(response)?.schema
  const name = nameOf(schema)
  const headers = Object.keys(response.headers ?? {})
  const shown = name === null ? (schema ? typeOf(schema) : '') : linkTo(name)
  return html`${shown}${headers.map((header) => html`, <code>${header}</code>`)}`
}

/** Codes of this operation with their meaning. Codes of all operations are listed once, below `Codes`. */
const refusals = (operation: Operation): Markup => {
  const own = answersIn(operation)
    .filter(isRefusal)
    .flatMap(([, { description }]) => codesIn(description))
    .filter((code) => groupOf(code) === 'own')
  const changes = operation.method !== 'get'
  return html`<h4>Refusals</h4>
    <ul class="answers">
      ${own.map((code) => html`<li>${refusal(code)}</li>`)}
      <li>
        The codes of <a href="#codes-every">every operation</a>${
          changes ? html` and of <a href="#codes-change">every change</a>` : ''
        }
      </li>
    </ul>`
}

const refusal = (code: string): Markup => {
  const { status, title } = CODES.find((row) => row.code === code) ?? {}
  return html`<b>${status}</b> <a href="#${code}"><code>${code}</code></a> ${title}`
}

/** The document has codes in backquotes. */
const codesIn = (description: string): string[] =>
  [...description.matchAll(/`(\w+)`/g)].map(([, code = '']) => code)

const requestFigure = (operation: Operation, issuer: string): Markup =>
  html`<figure>
    <figcaption>Request</figcaption>
    <pre><code>${curlOf(operation, issuer)}</code></pre>
  </figure>`

const answerFigure = (operation: Operation): Markup[] =>
  answersIn(operation)
    .filter((answer) => !isRefusal(answer))
    .map(
      ([status, response]) =>
        html`<figure>
          <figcaption>Answer ${status}</figcaption>
          <pre><code>${jsonOf(mediaIn(response)?.example)}</code></pre>
        </figure>`,
    )
