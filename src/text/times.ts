// Times as text. Pure: no I/O.

/** RFC 3339 in UTC. */
export const time = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
