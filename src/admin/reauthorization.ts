// Repeated authorization of a long read: the caller can lose its authority while the answer is made or sent.
import { AUTHORITY_MAX_AGE_MS, MAX_EXPORT_MS } from '../constants.ts'
import { AnswerEnded } from '../errors.ts'
import { SHELL } from './authority.ts'
import type { AdminCall } from './operation.ts'

type ReauthorizedCall = Pick<AdminCall, 'authority' | 'reauthorize'> & {
  deps: Pick<AdminCall['deps'], 'monotonic'>
}

/**
 * Checks the caller's authority again.
 * @throws VerificationError once the caller has lost it; AnswerEnded once it is bound to another workspace
 */
const reauthorizeCaller = async ({ authority, reauthorize }: ReauthorizedCall): Promise<void> => {
  const { workspaceId } = await reauthorize()
  if (workspaceId === authority.workspaceId) return
  throw new AnswerEnded('the administrator is bound to another workspace now')
}

/** Runs a read, and checks authority again if the read took longer than AUTHORITY_MAX_AGE_MS. */
export const authorizedRead = async <T>(
  call: ReauthorizedCall,
  read: () => Promise<T>,
): Promise<T> => {
  const startedAt = call.deps.monotonic()
  const answer = await read()
  if (call.deps.monotonic() - startedAt > AUTHORITY_MAX_AGE_MS) await reauthorizeCaller(call)
  return answer
}

/**
 * Checks authority unless the last check is younger than `maxAgeMs`.
 * @throws VerificationError once the caller has lost it; AnswerEnded after MAX_EXPORT_MS
 */
type AuthorityCheck = (maxAgeMs: number) => Promise<void>

const createAuthorityCheck = (
  call: ReauthorizedCall,
  answer: 'export' | 'check',
): AuthorityCheck => {
  const { monotonic } = call.deps
  const startedAt = monotonic()
  let checkedAt = startedAt
  return async (maxAgeMs) => {
    const at = monotonic()
    if (at - startedAt > MAX_EXPORT_MS) {
      const minutes = MAX_EXPORT_MS / 60_000
      const remedy = answer === 'export' ? 'ask for a shorter time' : 'use the command line'
      throw new AnswerEnded(`the ${answer} took longer than ${minutes} minutes: ${remedy}`)
    }
    if (at - checkedAt < maxAgeMs) return
    await reauthorizeCaller(call)
    checkedAt = at
  }
}

/**
 * Yields the rows of an export. Authority is checked after each step of the read, and during a step that is sent
 * slowly. The time limit keeps a slow client from holding an export open.
 */
export const authorizedRows = async function* <T>(
  call: ReauthorizedCall,
  steps: AsyncIterable<readonly T[]>,
): AsyncGenerator<T> {
  const check = createAuthorityCheck(call, 'export')
  for await (const rows of steps) {
    await check(0)
    for (const row of rows) {
      await check(AUTHORITY_MAX_AGE_MS)
      yield row
    }
  }
  await check(0)
}

/**
 * Runs a check of the audit table that calls `onStep` after each step: authority is checked every
 * AUTHORITY_MAX_AGE_MS, within the same time limit. A command has no limit: it delays no server, and a check has no
 * parts that could be requested one by one.
 */
export const authorizedCheck = async <T>(
  call: ReauthorizedCall,
  run: (onStep: () => Promise<void>) => Promise<T>,
): Promise<T> => {
  if (call.authority === SHELL) return await run(async () => {})
  const check = createAuthorityCheck(call, 'check')
  return await run(() => check(AUTHORITY_MAX_AGE_MS))
}
