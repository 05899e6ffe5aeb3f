// One operation of the OpenAPI document as a card of the reference page. Pure: no I/O.
import { html } from 'hono/html'
import type { oas31 } from 'zod-openapi'
import {
  type Markup,
  type Member,
  type Schema,
  inline,
  linkTo,
  memberTable,
  membersOf,
  nameOf,
  prose,
  typeOf,
} from './schema.ts'
import { BASE } from '../api/table.ts'

/** An operation with its address. */
export type Operation = oas31.OperationObject & { method: string; path: string }

export const METHODS = ['get', 'post', 'patch', 'put', 'delete'] as const

export const operationsOf = (document: oas31.OpenAPIObject): Operation[] =>
  Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method]
      return operation === undefined ? [] : [{ ...operation, method, path }]
    }),
  )

export const operationCard = (operation: Operation, document: oas31.OpenAPIObject): Markup => {
  const { operationId, method, path, summary, description } = operation
  return html`<article class="card" id="operation-${operationId}">
    <h3><span class="method ${method}">${method}</span> <code>${BASE}${path}</code></h3>
    <p><strong>${inline(summary ?? '')}</strong></p>
    ${description === undefined ? '' : prose(description)}
    <p class="quiet">
      <code>${operationId}</code>. The token needs ${permissionsOf(operation).map(asCode)}.
    </p>
    ${PLACES.map(([place, caption]) => memberTable(caption, parametersIn(operation, place)))}
    ${bodyTable(operation, document)} ${answerTable(operation)}
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
      ...(description !== undefined && { description }),
    }))

const bodyTable = (
  { requestBody }: Operation,
  { components }: oas31.OpenAPIObject,
): Markup | string => {
  const schema = schemaIn(requestBody)
  const name = nameOf(schema)
  const resolved = name === null ? schema : components?.schemas?.[name]
  return memberTable('Body, as JSON', membersOf(resolved ?? {}))
}

const schemaIn = (
  holder: oas31.RequestBodyObject | oas31.ResponseObject | oas31.ReferenceObject | undefined,
): Schema | undefined => {
  const content = holder !== undefined && 'content' in holder ? holder.content : undefined
  return Object.values(content ?? {})[0]?.schema
}

const answerTable = ({ responses = {} }: Operation): Markup =>
  html`<table class="answers">
    <caption>
      Answers
    </caption>
    <thead>
      <tr>
        <th scope="col">Status</th>
        <th scope="col">Content</th>
      </tr>
    </thead>
    <tbody>
      ${Object.entries(responses).map(
        ([status, response]) =>
          html`<tr>
            <th scope="row">${status}</th>
            <td>${contentOf(status, response as oas31.ResponseObject)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`

/** Content of an answer: its schema, or for a refusal its codes, each linked to its explanation. */
const contentOf = (status: string, response: oas31.ResponseObject): Markup => {
  if (Number(status) >= 400) return html`${codesIn(response.description)}`
  const schema = schemaIn(response)
  const name = nameOf(schema)
  const headers = Object.keys(response.headers ?? {})
  const shown = name === null ? (schema ? typeOf(schema) : '') : linkTo(name)
  return html`${shown}${headers.map((header) => html`, <code>${header}</code>`)}`
}

/** Links the codes, which the document has in backquotes. */
const codesIn = (description: string): Markup[] =>
  [...description.matchAll(/`(\w+)`/g)].map(
    ([, code], i) => html`${i > 0 ? ', ' : ''}<a href="#${code}"><code>${code}</code></a>`,
  )
