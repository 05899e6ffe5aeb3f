// What every administrative operation has in common: who asks, checked input, one audit event, retries.
import type { z } from 'zod'
import { type AuditContext, audited } from '../audit.ts'
import { MAX_CHANGE_TRIES } from '../constants.ts'
import { type Deps, nowSeconds } from '../deps.ts'
import { Conflict, OperationRefused } from '../errors.ts'

export type AdminDeps = Pick<
  Deps,
  | 'store'
  | 'signer'
  | 'log'
  | 'audit'
  | 'clock'
  | 'random'
  | 'issuer'
  | 'tokenTtlSeconds'
  | 'metrics'
  | 'kek'
  | 'algorithms'
>

/** An operation on behalf of someone: what it needs, and who that is. */
export type Admin = { deps: AdminDeps; as: AuditContext }

export const now = ({ deps }: Admin): number => nowSeconds(deps)

/** Runs a change and writes its one audit event. */
export const change = <T>(
  { deps, as }: Admin,
  action: string,
  target: string | null,
  operation: (named: (target: string) => void) => Promise<T>,
): Promise<T> => {
  const named = target !== null && isNameable(target) ? target : null
  return audited(deps, { ...as, action, target: named }, operation)
}

/** False for what cannot be an id, a secret and a token among it: people paste those into the wrong field. */
const isNameable = (id: string): boolean =>
  /^[\x21-\x7e]{1,255}$/.test(id) && !/^(lk[ser]_|ey[\w-]{8,}\.ey[\w-]{8,}\.)/.test(id)

/** @throws OperationRefused naming the first bad field and what it must be, never what it was */
export const parse = <T extends z.ZodType>(schema: T, input: unknown): z.output<T> => {
  const { data, error } = schema.safeParse(input)
  if (!error) return data as z.output<T>
  const [issue] = error.issues
  const field = issue?.path.filter((part) => typeof part === 'string').join('.') || undefined
  throw new OperationRefused('invalid_value', `${field ?? 'input'}: ${issue?.message}`, field)
}

export const notFound = (what: string, id: string, field?: string): OperationRefused =>
  new OperationRefused(
    'not_found',
    isNameable(id) ? `there is no ${what} ${id}` : `there is no such ${what}`,
    field,
  )

/** Gives what was read, or refuses. */
export const found = <T>(row: T | null, what: string, id: string, field?: string): T => {
  if (row === null) throw notFound(what, id, field)
  return row
}

/**
 * Reads, decides and writes; again from the start where another administrator was faster.
 * @throws Conflict after several tries
 */
export const retried = async <T>(attempt: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof Conflict) || tries === MAX_CHANGE_TRIES) throw error
    }
  }
}
