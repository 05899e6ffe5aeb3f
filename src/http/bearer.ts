import type { AppContext } from '../deps.ts'

/** The token of `Authorization: Bearer …` (RFC 6750 §2.1), the scheme in any case; null where there is none. */
export const bearerToken = (c: AppContext): string | null =>
  /^bearer +(\S+)$/i.exec((c.req.header('authorization') ?? '').trim())?.[1] ?? null
