// Authority over an answer that lasts: asked for again while the answer is made and sent.
import { AUTHORITY_MAX_AGE_MS, MAX_EXPORT_MS } from '../constants.ts'
import { AnswerEnded } from '../errors.ts'
import type { Admin } from './operation.ts'

type Asking = Pick<Admin, 'authority' | 'reauthorize'> & {
  deps: Pick<Admin['deps'], 'monotonic'>
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

/**
 * Yields the rows of an export. Authority is asked for again after each step that was read, and during a step that
 * is sent slowly. The whole has a time limit, so that a slow reader does not keep an export open.
 */
export const authorizedRows = async function* <T>(
  admin: Asking,
  steps: AsyncIterable<readonly T[]>,
): AsyncGenerator<T> {
  const { monotonic } = admin.deps
  const startedAt = monotonic()
  let askedAt = startedAt
  const check = async (maxAgeMs: number): Promise<void> => {
    const at = monotonic()
    if (at - startedAt > MAX_EXPORT_MS) {
      const minutes = MAX_EXPORT_MS / 60_000
      throw new AnswerEnded(
        `the export took longer than ${minutes} minutes: ask for a shorter time`,
      )
    }
    if (at - askedAt < maxAgeMs) return
    await askAgain(admin)
    askedAt = at
  }
  for await (const rows of steps) {
    await check(0)
    for (const row of rows) {
      await check(AUTHORITY_MAX_AGE_MS)
      yield row
    }
  }
  await check(0)
}
