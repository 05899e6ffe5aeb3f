// The OpenAPI document as it is served, made ready to hold answers against and to make requests from.
import { expect } from 'vitest'
import { z } from 'zod'

/** A JSON Schema without references. */
export type Schema = {
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  items?: Schema
  maxItems?: number
  properties?: Record<string, Schema>
  required?: string[]
}

export type Parameter = { in: 'path' | 'query' | 'header'; name: string; schema: Schema }

export type Operation = {
  id: string
  /** In capitals. */
  method: string
  path: string
  /** Matches the addresses of the path. */
  pattern: RegExp
  scope: string
  parameters: Parameter[]
  body: Schema | null
  /** By status: the media type and what its body must be. */
  answers: Map<number, { type: string; schema: z.ZodType }>
}

type Content = Record<string, { schema: Schema }>
type DocumentedOperation = {
  operationId: string
  security: { oauth2: string[] }[]
  parameters?: Parameter[]
  requestBody?: { content: Content }
  responses: Record<string, { content: Content }>
}
export type Document = {
  paths: Record<string, Record<string, DocumentedOperation>>
  components: { schemas: Record<string, unknown> }
}

/** Every operation that the document names. */
export const operationsOf = (document: Document): Operation[] => {
  const { paths } = withoutReferences(document, document.components.schemas) as Document
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      id: operation.operationId,
      method: method.toUpperCase(),
      path,
      pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
      scope: operation.security[0]?.oauth2[0] ?? '',
      parameters: operation.parameters ?? [],
      body: operation.requestBody?.content['application/json']?.schema ?? null,
      answers: new Map(Object.entries(operation.responses).map(answerOf)),
    })),
  )
}

const withoutReferences = (value: unknown, schemas: Record<string, unknown>): unknown => {
  if (Array.isArray(value)) return value.map((item) => withoutReferences(item, schemas))
  if (typeof value !== 'object' || value === null) return value
  const { $ref: reference } = value as { $ref?: unknown }
  if (typeof reference === 'string') {
    return withoutReferences(schemas[reference.split('/').at(-1) ?? ''], schemas)
  }
  const members = Object.entries(value)
  return Object.fromEntries(members.map(([name, v]) => [name, withoutReferences(v, schemas)]))
}

/** The schema is made when an answer is held against it: most operations of a document are not called in a file. */
const answerOf = ([status, { content }]: [string, { content: Content }]) => {
  const [[type, { schema: json }] = ['', { schema: {} }]] = Object.entries(content)
  let schema: z.ZodType | undefined
  const answer = {
    type,
    get schema() {
      schema ??= z.fromJSONSchema(json as never)
      return schema
    },
  }
  return [Number(status), answer] as const
}

/** The operation that a request is for: of two addresses that fit, the one with fewer names in braces. */
export const operationAt = (
  operations: readonly Operation[],
  method: string,
  address: string,
): Operation | undefined => {
  const [first] = operations
    .filter(({ pattern }) => pattern.test(address))
    .toSorted((a, b) => a.path.split('{').length - b.path.split('{').length)
  return operations.find(
    (operation) => operation.path === first?.path && operation.method === method,
  )
}

/** That the document names this status for the operation, with this media type and this body. */
export const expectDocumented = (
  operation: Operation,
  { status, headers, text }: { status: number; headers: Headers; text: string },
): void => {
  const documented = operation.answers.get(status)
  expect(documented, `${operation.id} answers ${status}: ${text}`).toBeDefined()
  expect(headers.get('content-type')).toBe(documented?.type)
  for (const value of valuesOf(text, documented?.type)) {
    const { error } = documented?.schema.safeParse(value) ?? {}
    expect(error?.issues, `${operation.id} ${status}`).toBeUndefined()
  }
}

/** One JSON value, or one in each line. */
const valuesOf = (text: string, type: string | undefined): unknown[] =>
  type === 'application/x-ndjson'
    ? text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown)
    : [JSON.parse(text)]
