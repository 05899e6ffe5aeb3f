// Operations of the OpenAPI document with their addresses. Pure: no I/O.
import type { oas31 } from 'zod-openapi'

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

/** The summary without its second half: `Create a client; no later answer contains its secret`. */
export const titleOf = ({ summary = '' }: Operation): string => summary.split(/[:;]/)[0] ?? ''
