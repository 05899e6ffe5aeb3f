// A dry run of a command, and the question before it. Both rehearse its operation.
import { isHarmless } from '../admin/effects.ts'
import type { AdminCall } from '../admin/operation.ts'
import { withoutCredentials } from '../admin/rehearsal.ts'
import { OperationRefused } from '../errors.ts'
import { type Stage, rehearsed } from '../node/rehearsal/rehearsed.ts'
import { type Terminal, ask, confirm, noteEffects } from './question.ts'

type Operation<T> = (call: AdminCall) => Promise<T>

export const dryRun = async <T>(operation: Operation<T>, stage: Stage): Promise<T> => {
  const { result, effects } = await rehearsed(operation, stage)
  noteEffects(effects)
  return withoutCredentials(result)
}

/**
 * Asks if the operation ends something, and before each deletion. One that will be refused is not asked about: the audit
 * records its refusal.
 * @throws StartRefused for another answer than yes; the error of a rehearsal that could not tell, such as a Conflict: the
 * operation itself might succeed
 */
export const askBefore = async (
  operation: Operation<unknown>,
  stage: Stage,
  { isDeletion, terminal }: { isDeletion: boolean; terminal?: Terminal },
): Promise<void> => {
  const rehearsal = await rehearsed(operation, stage).catch((error: unknown) => {
    if (error instanceof OperationRefused) return null
    throw error
  })
  if (rehearsal === null) return
  if (!isHarmless(rehearsal.effects)) await ask(rehearsal.effects, terminal)
  else if (isDeletion) await confirm('This deletes it for good, and ends nothing else.', terminal)
}
