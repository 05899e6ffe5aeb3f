// Schemas of the OpenAPI document as lists of fields for people. Pure: no I/O.
import { html } from 'hono/html'
import type { oas31 } from 'zod-openapi'
import { CHOSEN_ID } from '../../constants.ts'
import { CAPABILITY } from '../fields.ts'

export type Markup = ReturnType<typeof html>
export type Schema = oas31.SchemaObject | oas31.ReferenceObject

/** A member of an object, a parameter, or a header. */
export type Member = {
  name: string
  required: boolean
  schema: Schema
  description?: string
  /** Place of a parameter, for the form that sends it. */
  place?: string
}

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
const FORMATS: Readonly<Record<string, string>> = { 'date-time': 'RFC 3339, in UTC' }

/** Patterns in words. Another one is shown as it is. */
const PATTERNS: Readonly<Record<string, Markup>> = {
  [CHOSEN_ID.source]: html`1 to 128 of A-Z a-z 0-9 . _ : / ~ -, first a letter or digit`,
  [CAPABILITY.source]: html`a word, or word:word, without globs`,
}

const literal = (value: unknown): Markup => html`<code>${JSON.stringify(value)}</code>`

const either = (options: Markup[]): Markup =>
  html`${options.map((option, i) => html`${i > 0 ? ' or ' : ''}${option}`)}`

/** Rules of a value in words; for a list also the rules of each entry. */
const rulesOf = (schema: Schema): Markup[] => {
  const { anyOf, items, minimum, maximum, minLength, maxLength, maxItems, pattern, ...rest } =
    schema as oas31.SchemaObject
  const { format, default: implied } = rest
  return [
    ...(anyOf ?? []).flatMap(rulesOf),
    ...range(written(minimum), written(maximum), ''),
    ...range(minLength, maxLength, ' characters'),
    ...range(undefined, maxItems, ' entries'),
    ...(format === undefined ? [] : [html`${FORMATS[format] ?? format}`]),
    ...(pattern === undefined ? [] : [PATTERNS[pattern] ?? html`<code>${pattern}</code>`]),
    ...(items === undefined ? [] : rulesOf(items).map((rule) => html`each: ${rule}`)),
    ...(implied === undefined ? [] : [html`default ${literal(implied)}`]),
  ]
}

/** A bound that a person has written: the schemas of whole numbers have the bounds of safe integers. */
const written = (bound: number | undefined): number | undefined =>
  bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER ? bound : undefined

const range = (least: number | undefined, most: number | undefined, unit: string): Markup[] => {
  if (least !== undefined && most !== undefined) return [html`${least} to ${most}${unit}`]
  if (least !== undefined) return [html`at least ${least}${unit}`]
  return most === undefined ? [] : [html`at most ${most}${unit}`]
}

/** Members of an object; those of a nested object follow their own row: `grants[].audience`, `server.state`. */
export const membersOf = (schema: Schema, within = ''): Member[] => {
  const { properties = {}, required = [] } = schema as oas31.SchemaObject
  return Object.entries(properties).flatMap(([key, member]) => {
    const name = within + key
    const { items, anyOf = [] } = member as oas31.SchemaObject
    const inner =
      items === undefined
        ? [member, ...anyOf].flatMap((option) => membersOf(option, `${name}.`))
        : membersOf(items, `${name}[].`)
    return [{ name, required: required.includes(key), schema: member }, ...inner]
  })
}

/** A heading and the fields: a list, because a table with three columns does not fit a phone. */
export const fieldList = (heading: string, members: readonly Member[]): Markup | string =>
  members.length === 0
    ? ''
    : html`<h4>${heading}</h4>
        ${fieldsOf(members)}`

/** Marks required members of requests, and optional ones of answers: the other ones are the rule there. */
type Mark = 'required' | 'optional'

export const fieldsOf = (members: readonly Member[], mark: Mark = 'required'): Markup =>
  html`<dl class="fields">${members.map((member) => fieldRow(member, mark))}</dl>`

const fieldRow = (member: Member, mark: Mark): Markup => {
  const { name, required, schema, description } = member
  const meaning = description ?? (schema as oas31.SchemaObject).description ?? ''
  return html`<div ${sentAs(member)}>
    <dt>
      <code>${name}</code> <span class="type">${typeOf(schema)}</span>
      ${required === (mark === 'required') ? html`<span class="${mark}">${mark}</span>` : ''}
    </dt>
    <dd>
      ${inline(meaning)} ${rulesOf(schema).map((rule) => html`<span class="rule">${rule}</span>`)}
    </dd>
  </div>`
}

/** Attributes of a parameter, from which the script makes an input. */
const sentAs = ({ name, place, required }: Member): Markup | string =>
  place === undefined
    ? ''
    : html`data-in="${place}" data-name="${name}"${required ? ' data-needed' : ''}`
