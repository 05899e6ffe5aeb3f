// The OpenAPI document with a meaning for each field and an example for each operation. Pure: no I/O.
import type { oas31 } from 'zod-openapi'
import { type Schemas, exampleOf } from './examples.ts'
import { leftOut } from './left-out.ts'
import { meaningOf } from './meanings.ts'
import { METHODS } from './paths.ts'
import { SHOWN } from './samples.ts'
import { type Schema, nameOf } from './schema.ts'

type Content = oas31.ContentObject
type Operation = oas31.OperationObject
type Parameter = oas31.ParameterObject

/** Adds the meanings and the examples. A description that a schema has itself stays. */
export const explained = (document: oas31.OpenAPIObject): oas31.OpenAPIObject => {
  const { components, paths = {} } = document
  const schemas = (components?.schemas ?? {}) as Schemas
  return {
    ...document,
    components: {
      ...components,
      schemas: mapValues(schemas, (schema, name) => withMeanings(schema, [name])) as Record<
        string,
        oas31.SchemaObject
      >,
    },
    paths: mapValues(paths, (item) => explainedItem(item, schemas)),
  }
}

const mapValues = <T, U>(
  values: Readonly<Record<string, T>>,
  change: (value: T, key: string) => U,
): Record<string, U> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value, key)]))

const explainedItem = (item: oas31.PathItemObject, schemas: Schemas): oas31.PathItemObject => {
  const operations = METHODS.flatMap((method) => {
    const operation = item[method]
    return operation === undefined ? [] : [[method, explainedOperation(operation, schemas)]]
  })
  return Object.fromEntries(operations) as oas31.PathItemObject
}

const explainedOperation = (operation: Operation, schemas: Schemas): Operation => {
  const { operationId = '', tags = [], parameters = [], responses = {} } = operation
  const body = operation.requestBody as oas31.RequestBodyObject | undefined
  const shown = SHOWN[operationId]
  return {
    ...operation,
    parameters: parameters.map((given) => {
      const parameter = given as Parameter
      const owner = parameter.in === 'path' ? (tags[0] ?? '') : operationId
      const isShown = parameter.required === true || shown?.includes(parameter.name) === true
      return explainedParameter(parameter, { place: [owner, parameter.name], schemas, isShown })
    }),
    ...(body && {
      requestBody: {
        ...body,
        content: withExample(body.content, [operationId], { schemas, shown }),
      },
    }),
    responses: mapValues(responses, (given, status) => {
      const response = given as oas31.ResponseObject
      const { content } = response
      if (content === undefined || Number(status) >= 400) return response
      return { ...response, content: withExample(content, [operationId], { schemas }) }
    }) as oas31.ResponsesObject,
  }
}

const explainedParameter = (
  parameter: Parameter,
  { place, schemas, isShown }: { place: readonly string[]; schemas: Schemas; isShown: boolean },
): Parameter => {
  const schema = (parameter.schema ?? {}) as oas31.SchemaObject
  const description = parameter.description ?? schema.description ?? meaningOf(place)
  const example = isShown ? exampleOf(schema, { place, schemas }) : undefined
  return {
    ...parameter,
    ...(description !== null && { description }),
    ...(example !== undefined && { example }),
  }
}

const withExample = (
  content: Content,
  place: readonly string[],
  { schemas, shown }: { schemas: Schemas; shown?: readonly string[] | undefined },
): Content =>
  mapValues(content, (media) => {
    const schema = (media.schema ?? {}) as Schema
    const example = exampleOf(schema, { place, schemas, shown })
    return { ...media, schema: withMeanings(schema, place) as oas31.SchemaObject, example }
  })

/** Adds a meaning to each member, and to each member of its entries. */
const withMeanings = (schema: Schema, place: readonly string[]): Schema => {
  if (nameOf(schema) !== null) return schema
  const { properties, items, anyOf, required = [] } = schema as oas31.SchemaObject
  return {
    ...schema,
    ...(properties && {
      properties: mapValues(properties, (member, name) =>
        withMeaning(withMeanings(member, [...place, name]), {
          place: [...place, name],
          isOptional: !required.includes(name),
        }),
      ),
    }),
    ...(items && { items: withMeanings(items, place) }),
    ...(anyOf && { anyOf: anyOf.map((option) => withMeanings(option, place)) }),
  } as Schema
}

const withMeaning = (
  schema: Schema,
  { place, isOptional }: { place: readonly string[]; isOptional: boolean },
): Schema => {
  const meaning = (schema as oas31.SchemaObject).description ?? meaningOf(place)
  const effect = isOptional ? leftOut(place) : null
  const description = [meaning, effect].filter((part) => part !== null).join(' ')
  return description === '' ? schema : { ...schema, description }
}
