// Parts that all administrative operations share: the caller, the checked input, the audit rows, the retries.
import type { z } from 'zod'
import { type AuditContext, audited } from '../audit/record.ts'
import { isNameable, nameable } from '../audit/target.ts'
import { nowSeconds } from '../clock.ts'
import type { Deps } from '../deps.ts'
import { Conflict, type FieldError } from '../errors.ts'
import type { Cause } from '../store/store.ts'
import { retryOnConflict } from '../store/conflicts.ts'
import { fieldSentence, valueAt, withSent } from '../text/field-sentences.ts'
import { shownValue } from '../text/redaction.ts'
import { type Speller, createSpeller } from '../text/spelling.ts'
import type { Authority } from './authority.ts'
import type { Rehearse } from './rehearsal.ts'
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
  | 'keyRotationSeconds'
  | 'host'
>

/** `sent` is the header's value; `matches` tells whether it lists an etag. */
export type IfMatch = { sent: string; matches: (etag: string) => boolean }

/** One call of an operation: its dependencies, its caller, and the caller's authority. */
export type AdminCall = {
  deps: AdminDeps
  as: AuditContext
  authority: Authority
  /** Reads the caller's authority again, during a long answer. @throws VerificationError once it is lost */
  reauthorize: () => Promise<Authority>
  /** `If-Match` (RFC 9110 §13.1.1); null where the administrator does not send it. */
  ifMatch: IfMatch | null
  /** Aborted once the client has closed its connection; absent in a command. */
  signal?: AbortSignal | undefined
  /** Null: the database cannot undo a change that was read (D1). Absent in a command. */
  rehearse?: Rehearse | null
  /** Called by long operations, for each row or step. Absent where no person watches. */
  onProgress?: ((done: number, total: number) => void) | undefined
}

export const now = ({ deps }: Pick<AdminCall, 'deps'>): number => nowSeconds(deps)

/** Runs a change between its two audit rows. `target` is the id as the client sent it, not checked. */
export const auditedChange = <T>(
  { deps, as }: Pick<AdminCall, 'deps' | 'as'>,
  action: string,
  target: unknown,
  operation: (setTarget: (target: string) => void, cause: Cause) => Promise<T>,
): Promise<T> =>
  audited(deps, { ...as, action, target: nameable(target) }, (setTarget, cause) =>
    operation((name) => {
      if (isNameable(name)) setTarget(name)
    }, cause),
  )

type Issues = readonly z.core.$ZodIssue[]

/**
 * Parses input.
 * @throws OperationRefused with one entry for each bad field: its rule, and the value that was sent
 */
export const parse = <T extends z.ZodType>(
  schema: T,
  input: unknown,
  relabel: (issues: Issues) => Issues = (issues) => issues,
): z.output<T> => {
  const { data, error } = schema.safeParse(input, { error: fieldSentence })
  if (!error) return data as z.output<T>
  throw fieldsRefused('invalid_value', fieldErrors(relabel(error.issues), schema, input))
}

/**
 * Parses the parameters of a query or the filters of a command. Their values are all texts, so an error names the rule
 * and not a type.
 */
export const parseQuery = <T extends z.ZodType>(schema: T, input: unknown): z.output<T> =>
  parse(schema, input, (issues) =>
    issues.map((issue) => (issue.code === 'invalid_type' ? { ...issue, code: 'custom' } : issue)),
  )

/** Finds the schema's member that a misspelled name means. */
const spellerOf = (schema: z.ZodType): Speller =>
  'shape' in schema ? createSpeller(Object.keys(schema.shape as object)) : () => null

const unknownMember = (meant: string | null): string =>
  meant === null ? 'is not a known member' : `is not known; send ${meant}`

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

/** A member's name with secrets removed: administrators paste them into the wrong place. */
export const shownName = (name: string): string => shownValue(name) || '?'

/** A path with secrets removed: authorization details may have members of any name. */
const shownPath = (path: readonly PropertyKey[]): string => shownValue(path.map(String).join('.'))

/** Returns the row. @throws Conflict if the administrator has read another state of it */
export const checkIfMatch = <T extends { etag: string }>({ ifMatch }: AdminCall, row: T): T => {
  if (ifMatch === null || ifMatch.matches(row.etag)) return row
  const sent = shownValue(ifMatch.sent) || 'empty'
  throw new Conflict(`the row was changed after it was read: its etag is not in If-Match, ${sent}`)
}

/**
 * Runs a step that reads, decides and writes; again from the start if another administrator's write came between.
 * With `If-Match` the step runs once: the administrator decided from the state that it names.
 * @throws Conflict after MAX_CHANGE_TRIES
 */
export const retried = <T>(
  { ifMatch }: Pick<AdminCall, 'ifMatch'>,
  attempt: () => Promise<T>,
): Promise<T> => (ifMatch === null ? retryOnConflict(attempt) : attempt())
