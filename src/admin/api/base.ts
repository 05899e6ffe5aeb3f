// Path and precondition of every address of the admin API.

/** Path that precedes the addresses of the table. */
export const BASE = '/admin/v1'

/** A request that replaces or removes names the state that it has read (RFC 9110 §13.1.1); a POST need not. */
export const needsIfMatch = (method: string): boolean => ['put', 'patch', 'delete'].includes(method)
