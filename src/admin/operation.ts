// What every administrative operation has in common: who asks, checked input, its audit rows, retries.
import type { z } from 'zod'
import { type AuditContext, audited } from '../audit/record.ts'
import { isNameable, nameable } from '../audit/target.ts'
import { MAX_CHANGE_TRIES } from '../constants.ts'
import { nowSeconds } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { Conflict, type FieldError } from '../errors.ts'
import { expected, valueAt, withSent } from '../text/expected.ts'
import { shownValue } from '../text/shown.ts'
import { type Speller, createSpeller } from '../text/spelling.ts'
import type { Authority } from './authority.ts'
import { fieldsRefused } from './refusals.ts'

export type AdminDeps = Pick<
  Deps,
  | 'store'
  | 'signer'
  | 'ledger'
  | 'log'
  | 'audit'
  | 'clock'
  | 'monotonic'
  | 'random'
  | 'issuer'
  | 'tokenTtlSeconds'
  | 'metrics'
  | 'kek'
  | 'algorithms'
>

/** `sent` is the header's value; `matches` tells whether it lists an etag. */
export type IfMatch = { sent: string; matches: (etag: string) => boolean }

/** An operation on behalf of someone: what it needs, who that is, and what they may do. */
export type AdminCall = {
  deps: AdminDeps
  as: AuditContext
  authority: Authority
  /** Gives the authority as it is now, for an answer that lasts. @throws what refuses the caller by now */
  reauthorize: () => Promise<Authority>
  /** `If-Match` (RFC 9110 §13.1.1); null where the administrator does not send it. */
  ifMatch: IfMatch | null
}

export const now = ({ deps }: Pick<AdminCall, 'deps'>): number => nowSeconds(deps)

/** Runs a change between its two audit rows. `target` may be whatever was sent for an id. */
export const auditedChange = <T>(
  { deps, as }: Pick<AdminCall, 'deps' | 'as'>,
  action: string,
  target: unknown,
  operation: (named: (target: string) => void) => Promise<T>,
): Promise<T> =>
  audited(deps, { ...as, action, target: nameable(target) }, (named) =>
    operation((name) => {
      if (isNameable(name)) named(name)
    }),
  )

type Issues = readonly z.core.$ZodIssue[]

/** @throws OperationRefused with one entry for each bad field: what it must be, and what was sent */
export const parse = <T extends z.ZodType>(
  schema: T,
  input: unknown,
  told: (issues: Issues) => Issues = (issues) => issues,
): z.output<T> => {
  const { data, error } = schema.safeParse(input, { error: expected })
  if (!error) return data as z.output<T>
  throw fieldsRefused('invalid_value', fieldErrors(told(error.issues), schema, input))
}

/** As `parse`, for the parameters of a query and the filters of the command line, whose values are all texts. */
export const parseQuery = <T extends z.ZodType>(schema: T, input: unknown): z.output<T> =>
  parse(schema, input, (issues) =>
    issues.map((issue) => (issue.code === 'invalid_type' ? { ...issue, code: 'custom' } : issue)),
  )

/** Which member of the schema a name spells in another way. */
const spellerOf = (schema: z.ZodType): Speller =>
  'shape' in schema ? createSpeller(Object.keys(schema.shape as object)) : () => null

const unknownMember = (meant: string | null): string =>
  meant === null ? 'is not a member that is known here' : `is not known; send ${meant}`

const fieldErrors = (issues: Issues, schema: z.ZodType, input: unknown): FieldError[] => {
  const errors = new Map<string, FieldError>()
  for (const issue of issues) {
    const members = issue.code === 'unrecognized_keys' ? issue.keys : [null]
    const spell = issue.path.length === 0 ? spellerOf(schema) : () => null
    for (const member of members) {
      const field = shownPath([...issue.path, ...(member === null ? [] : [shownName(member)])])
      const detail =
        member === null
          ? withSent(issue.message, issue, valueAt(input, issue.path))
          : unknownMember(spell(member))
      if (!errors.has(field)) errors.set(field, { field, detail })
    }
  }
  return [...errors.values()]
}

/** A member's name without secrets: people paste them into the wrong place. */
export const shownName = (name: string): string => shownValue(name) || '?'

/** Authorization details have members of any name, a secret among them. */
const shownPath = (path: readonly PropertyKey[]): string => shownValue(path.map(String).join('.'))

/** @throws Conflict where it is not what whoever asks has read */
export const checkIfMatch = <T extends { etag: string }>({ ifMatch }: AdminCall, row: T): T => {
  if (ifMatch === null || ifMatch.matches(row.etag)) return row
  const sent = shownValue(ifMatch.sent) || 'empty'
  throw new Conflict(`it has been changed since it was read: its etag is not in If-Match, ${sent}`)
}

/**
 * Reads, decides and writes; again from the start where another administrator was faster, unless whoever asks
 * has said which state they read.
 * @throws Conflict after several tries
 */
export const retried = async <T>(
  { ifMatch }: Pick<AdminCall, 'ifMatch'>,
  attempt: () => Promise<T>,
): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      const again = error instanceof Conflict && ifMatch === null && tries < MAX_CHANGE_TRIES
      if (!again) throw error
    }
  }
}
