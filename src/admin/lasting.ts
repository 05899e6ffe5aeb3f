// Authority over an answer that lasts: asked for again while the answer is made and sent.
import { AUTHORITY_MAX_AGE_MS, MAX_EXPORT_MS } from '../constants.ts'
import { AnswerEnded } from '../errors.ts'
import { SHELL } from './authority.ts'
import type { AdminCall } from './operation.ts'

type Asking = Pick<AdminCall, 'authority' | 'reauthorize'> & {
  deps: Pick<AdminCall['deps'], 'monotonic'>
}

/** Asks for the caller's authority again. @throws what refuses the caller; AnswerEnded in another workspace */
const askAgain = async ({ authority, reauthorize }: Asking): Promise<void> => {
  const { workspaceId } = await reauthorize()
  if (workspaceId === authority.workspaceId) return
  throw new AnswerEnded('the administrator is bound to another workspace now')
}

/** Runs a read, and asks for authority again where the read took long. */
export const authorizedRead = async <T>(admin: Asking, read: () => Promise<T>): Promise<T> => {
  const startedAt = admin.deps.monotonic()
  const answer = await read()
  if (admin.deps.monotonic() - startedAt > AUTHORITY_MAX_AGE_MS) await askAgain(admin)
  return answer
}

/** Asks for authority unless it was asked for so recently. @throws what refuses the caller; AnswerEnded after the limit */
type Lease = (maxAgeMs: number) => Promise<void>

const createLease = (admin: Asking, answer: 'export' | 'check'): Lease => {
  const { monotonic } = admin.deps
  const startedAt = monotonic()
  let askedAt = startedAt
  return async (maxAgeMs) => {
    const at = monotonic()
    if (at - startedAt > MAX_EXPORT_MS) {
      const minutes = MAX_EXPORT_MS / 60_000
      const remedy = answer === 'export' ? 'ask for a shorter time' : 'use the command line'
      throw new AnswerEnded(`the ${answer} took longer than ${minutes} minutes: ${remedy}`)
    }
    if (at - askedAt < maxAgeMs) return
    await askAgain(admin)
    askedAt = at
  }
}

/**
 * Yields the rows of an export. Authority is asked for again after each step that was read, and during a step that
 * is sent slowly. The whole has a time limit, so that a slow reader does not keep an export open.
 */
export const authorizedRows = async function* <T>(
  admin: Asking,
  steps: AsyncIterable<readonly T[]>,
): AsyncGenerator<T> {
  const check = createLease(admin, 'export')
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
 * Runs a check that calls `onStep` after each step: authority is asked for again each second, within the same limit.
 * A command has no limit: it holds up no server, and a check cannot be asked for in parts.
 */
export const authorizedCheck = async <T>(
  admin: Asking,
  run: (onStep: () => Promise<void>) => Promise<T>,
): Promise<T> => {
  if (admin.authority === SHELL) return await run(async () => {})
  const check = createLease(admin, 'check')
  return await run(() => check(AUTHORITY_MAX_AGE_MS))
}
