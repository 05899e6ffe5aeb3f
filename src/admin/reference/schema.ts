// Schemas of the OpenAPI document as tables for people. Pure: no I/O.
import { html } from 'hono/html'
import type { oas31 } from 'zod-openapi'

export type Markup = ReturnType<typeof html>
export type Schema = oas31.SchemaObject | oas31.ReferenceObject

/** A member of an object, a parameter, or a header. */
export type Member = { name: string; required: boolean; schema: Schema; description?: string }

/** Formats a text of the document: backquotes make code, an empty line begins a paragraph. */
export const prose = (text: string): Markup[] =>
  text.split('\n\n').map((paragraph) => html`<p>${inline(paragraph)}</p>`)

export const inline = (text: string): Markup[] =>
  text.split('`').map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))

/** `#/components/schemas/Client` → `Client`. */
export const nameOf = (schema: Schema | undefined): string | null =>
  schema?.$ref === undefined ? null : (schema.$ref.split('/').at(-1) ?? '')

export const linkTo = (name: string): Markup => html`<a href="#schema-${name}">${name}</a>`

/** A type in words: `list of text or null`. */
export const typeOf = (schema: Schema): Markup => {
  const name = nameOf(schema)
  if (name !== null) return linkTo(name)
  const { type, anyOf, items, enum: values, const: only } = schema as oas31.SchemaObject
  if (anyOf) return either(anyOf.map(typeOf))
  if (values) return either(values.map((value) => literal(value)))
  if (only !== undefined) return literal(only)
  if (type === 'array') return html`list of ${items === undefined ? 'anything' : typeOf(items)}`
  return either([type ?? 'anything'].flat().map((word) => html`${WORDS[word] ?? word}`))
}

const WORDS: Readonly<Record<string, string>> = { string: 'text', integer: 'whole number' }

const literal = (value: unknown): Markup => html`<code>${JSON.stringify(value)}</code>`

const either = (options: Markup[]): Markup =>
  html`${options.map((option, i) => html`${i > 0 ? ' or ' : ''}${option}`)}`

/** Rules of a value in words; for a list also the rules of each entry. */
const rulesOf = (schema: Schema): Markup[] => {
  const { anyOf, items, minimum, maximum, minLength, maxLength, maxItems, pattern, format } =
    schema as oas31.SchemaObject
  return [
    ...(anyOf ?? []).flatMap(rulesOf),
    ...range(minimum, maximum, ''),
    ...range(minLength, maxLength, ' characters'),
    ...range(undefined, maxItems, ' entries'),
    ...(format === undefined ? [] : [html`${format}`]),
    ...(pattern === undefined ? [] : [html`<code>${pattern}</code>`]),
    ...(items === undefined ? [] : rulesOf(items).map((rule) => html`each: ${rule}`)),
  ]
}

const range = (least: number | undefined, most: number | undefined, unit: string): Markup[] => {
  if (least !== undefined && most !== undefined) return [html`${least} to ${most}${unit}`]
  if (least !== undefined) return [html`at least ${least}${unit}`]
  return most === undefined ? [] : [html`at most ${most}${unit}`]
}

/** Members of an object; those of a nested object follow its own row: `grants[].audience`. */
export const membersOf = (schema: Schema, within = ''): Member[] => {
  const { properties = {}, required = [] } = schema as oas31.SchemaObject
  return Object.entries(properties).flatMap(([key, member]) => {
    const name = within + key
    const { items } = member as oas31.SchemaObject
    const inner = items === undefined ? [] : membersOf(items, `${name}[].`)
    return [{ name, required: required.includes(key), schema: member }, ...inner]
  })
}

export const memberTable = (caption: string, members: readonly Member[]): Markup | string =>
  members.length === 0
    ? ''
    : html`<table class="members">
        <caption>
          ${caption}
        </caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Type and limits</th>
            <th scope="col">Meaning</th>
          </tr>
        </thead>
        <tbody>
          ${members.map(memberRow)}
        </tbody>
      </table>`

const memberRow = ({ name, required, schema, description }: Member): Markup => {
  const meaning = description ?? (schema as oas31.SchemaObject).description ?? ''
  return html`<tr>
    <th scope="row">
      <code>${name}</code>
      ${required ? html`<span class="rule needed">required</span>` : ''}
    </th>
    <td>
      ${typeOf(schema)}${rulesOf(schema).map((rule) => html` <span class="rule">${rule}</span>`)}
    </td>
    <td>${inline(meaning)}</td>
  </tr>`
}
