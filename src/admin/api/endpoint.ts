// One endpoint of the admin API: its input, its answer, and the operation behind it.
import { z } from 'zod'
import type { RefusalCode } from '../../errors.ts'
import type { AdminCall } from '../operation.ts'

/** Names in the braces of a path. */
type Params<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { [K in Name]: string } & Params<Rest>
  : unknown

type Nothing = z.ZodObject<Record<never, never>>

type Definition<
  Action extends string,
  Path extends string,
  Query extends z.ZodObject,
  Body extends z.ZodObject,
  Response extends z.ZodType,
> = {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  path: Path
  /** Action in the audit table; in camel case the operation's id in the OpenAPI document. */
  action: Action
  summary: string
  description: string
  query?: Query
  body?: Body
  response: Response
  /** Codes that the operation answers, besides those of every operation. */
  refuses?: readonly RefusalCode[]
  /** True for a POST that changes nothing: it requires the permission to read, and spends no write. */
  isRead?: boolean
  /** Address of the created resource for `Location`; with it the status is 201. */
  location?: (answer: z.output<Response>) => string
  handle: (
    call: AdminCall,
    input: Params<Path> & { query: z.input<Query>; body: z.input<Body> },
  ) => Promise<z.output<Response>>
}

/** An endpoint without its type parameters, for the table. */
export type Endpoint = Pick<
  Definition<string, string, z.ZodObject, z.ZodObject, z.ZodType>,
  | 'method'
  | 'path'
  | 'action'
  | 'summary'
  | 'description'
  | 'query'
  | 'body'
  | 'response'
  | 'refuses'
  | 'isRead'
> & {
  location?: (answer: never) => string
  handle: (call: AdminCall, input: never) => Promise<unknown>
}

/** True for an endpoint that changes nothing. */
export const isRead = ({
  method,
  isRead: isDeclared,
}: Pick<Endpoint, 'method' | 'isRead'>): boolean => method === 'get' || isDeclared === true

export const endpoint = <
  const Action extends string,
  const Path extends string,
  Response extends z.ZodType,
  Query extends z.ZodObject = Nothing,
  Body extends z.ZodObject = Nothing,
>(
  definition: Definition<Action, Path, Query, Body, Response>,
): Definition<Action, Path, Query, Body, Response> => definition

/** Rows that are sent as lines of JSON while they are read, and the etag of all together. */
export type Export<T> = { etag: string; rows: AsyncIterable<T> }

const exportLines = new WeakMap<z.ZodType, z.ZodType>()

/** Schema of an export, for the table; `line` is the schema of one line. */
export const exportOf = <T extends z.ZodType>(line: T): z.ZodType<Export<z.output<T>>> => {
  const schema = z.custom<Export<z.output<T>>>()
  exportLines.set(schema, line)
  return schema
}

/** Schema of a line of an export; undefined for a response that is one JSON value. */
export const exportLineOf = (response: z.ZodType): z.ZodType | undefined =>
  exportLines.get(response)

/** One page of a list; in the OpenAPI document `ClientList` for a list of `Client`. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z
    .strictObject({
      items: z.array(item),
      next_cursor: z
        .string()
        .nullable()
        .meta({ description: '`cursor` of the next page; null in the last one.' }),
    })
    .meta({ id: `${item.meta()?.id}List`, description: 'One page of a list.' })
