// Parameters in the path of an endpoint. Pure: no I/O.

/** Names in the braces of a path, in their order. */
export const namesIn = (path: string): string[] =>
  [...path.matchAll(/{(\w+)}/g)].map(([, name]) => name ?? '')
