// Examples of requests and answers, made from the schemas of the OpenAPI document and the table of samples. Pure: no I/O.
import type { oas31 } from 'zod-openapi'
import { entryFor } from './meanings.ts'
import { SAMPLES } from './samples.ts'
import { type Schema, nameOf } from './schema.ts'

export type Schemas = Readonly<Record<string, Schema>>

/** Place of a schema: the operation, the named schema, and the members down to it. */
export type Place = readonly string[]

/** Text in an example for which the table has no sample. A test refuses it. */
export const NO_SAMPLE = '…'

type Step = {
  schemas: Schemas
  place: Place
  /** Optional members of the outermost object that the example has. Without a list, it has all. */
  shown?: readonly string[] | undefined
}

/**
 * Example of a value that the schema describes: samples, values that the schema itself names, and else `NO_SAMPLE`.
 * @returns undefined for a member that the example does not have
 */
export const exampleOf = (schema: Schema, { schemas, place, shown }: Step): unknown => {
  const name = nameOf(schema)
  if (name !== null) {
    return exampleOf(schemas[name] ?? {}, { schemas, place: [place[0] ?? '', name], shown })
  }
  const sample = entryFor(SAMPLES, place)
  if (sample !== null) return sample.value
  const { anyOf, items, properties, required = [], ...rest } = schema as oas31.SchemaObject
  if (rest.const !== undefined) return rest.const
  if (rest.enum !== undefined) return rest.enum[0]
  if (rest.default !== undefined) return rest.default
  if (anyOf !== undefined) return exampleOf(anyOf[0] ?? {}, { schemas, place })
  if (items !== undefined) return [exampleOf(items, { schemas, place })]
  if (properties === undefined) return BY_TYPE[String([rest.type].flat()[0])] ?? NO_SAMPLE
  const names = Object.keys(properties)
  const members = shown === undefined ? names : [...required, ...shown]
  return Object.fromEntries(
    names
      .filter((member) => members.includes(member))
      .map((member) => [
        member,
        exampleOf(properties[member] as Schema, { schemas, place: [...place, member] }),
      ])
      .filter(([, value]) => value !== undefined),
  )
}

const BY_TYPE: Readonly<Record<string, unknown>> = { boolean: true }
