// Reads the served OpenAPI document, so that tests can check answers against it and make requests from it.
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
  /** Method in upper case. */
  method: string
  path: string
  /** Pattern that matches the addresses of the path. */
  pattern: RegExp
  scope: string
  parameters: Parameter[]
  body: Schema | null
  /** Media type and schema of the body, by status. */
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

/** Makes a schema when the first answer is checked against it, because a test file calls few of the operations. */
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

/** Finds the operation of a request. If two paths match, the one with fewer parameters wins. */
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

/** Checks that the document names this status for the operation, with this media type and a schema for this body. */
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

/** Parses one JSON value, or one in each line for NDJSON. */
const valuesOf = (text: string, type: string | undefined): unknown[] =>
  type === 'application/x-ndjson'
    ? text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown)
    : [JSON.parse(text)]
