// One address of the admin API: what it takes, what it answers, and the operation behind it.
import { z } from 'zod'
import type { RefusalCode } from '../../errors.ts'
import type { AdminCall } from '../operation.ts'

/** The names in the braces of a path. */
type Params<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { [K in Name]: string } & Params<Rest>
  : unknown

type Nothing = z.ZodObject<Record<never, never>>

type Definition<
  Path extends string,
  Query extends z.ZodObject,
  Body extends z.ZodObject,
  Answer extends z.ZodType,
> = {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  path: Path
  /** As in the audit; in the OpenAPI document in camel case. */
  action: string
  summary: string
  description: string
  query?: Query
  body?: Body
  answers: Answer
  /** What the operation refuses, besides what every one does. */
  refuses?: readonly RefusalCode[]
  /** Where what has been made is to be found: the answer is 201. */
  madeAt?: (answer: z.output<Answer>) => string
  handle: (
    admin: AdminCall,
    input: Params<Path> & { query: z.input<Query>; body: z.input<Body> },
  ) => Promise<z.output<Answer>>
}

/** An endpoint whose types are forgotten, for the table. */
export type Endpoint = Pick<
  Definition<string, z.ZodObject, z.ZodObject, z.ZodType>,
  | 'method'
  | 'path'
  | 'action'
  | 'summary'
  | 'description'
  | 'query'
  | 'body'
  | 'answers'
  | 'refuses'
> & {
  madeAt?: (answer: never) => string
  handle: (admin: AdminCall, input: never) => Promise<unknown>
}

export const endpoint = <
  const Path extends string,
  Answer extends z.ZodType,
  Query extends z.ZodObject = Nothing,
  Body extends z.ZodObject = Nothing,
>(
  definition: Definition<Path, Query, Body, Answer>,
): Endpoint => definition

/** Lines of JSON, sent as they are read, and the etag of them all. */
export type Exported<T> = { etag: string; rows: AsyncIterable<T> }

const lines = new WeakMap<z.ZodType, z.ZodType>()

/** Stands for an export in the table; `line` is one of it. */
export const exported = <T extends z.ZodType>(line: T): z.ZodType<Exported<z.output<T>>> => {
  const schema = z.custom<Exported<z.output<T>>>()
  lines.set(schema, line)
  return schema
}

/** What a line of an export is; undefined for an answer that is one JSON value. */
export const lineOf = (answers: z.ZodType): z.ZodType | undefined => lines.get(answers)

/** One part of a list; in the OpenAPI document `ClientList` for a list of `Client`. */
export const partOf = <T extends z.ZodType>(item: T) =>
  z
    .strictObject({
      items: z.array(item),
      next_cursor: z
        .string()
        .nullable()
        .meta({ description: '`cursor` of the next part; null in the last one.' }),
    })
    .meta({ id: `${item.meta()?.id}List`, description: 'One part of a list.' })
