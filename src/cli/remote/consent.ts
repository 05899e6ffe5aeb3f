// A dry run of a command on a remote server, and the question before it. The server rehearses the change.
import type { Action, Perform } from '../../admin/api/actions.ts'
import { ADDRESSES } from '../../admin/api/addresses.ts'
import { type Effects, isHarmless } from '../../admin/effects.ts'
import { OperationRefused } from '../../errors.ts'
import { pathOf } from '../path-ids.ts'
import { type Terminal, ask, confirm, noteEffects } from '../question.ts'

type Steps<T> = (perform: Perform) => Promise<T>
type Input = Record<string, unknown> & { body?: Record<string, unknown> }

/** Performs reads, and rehearses changes. Each command has at most one change. */
const createRehearsing = (perform: Perform) => {
  let found: Effects | null = null
  const rehearse = async (action: Action, input: Input, ifMatch: string | undefined) => {
    pathOf(action, input) // refuses an empty id with the sentence of the change
    const { body, query: _, ...parameters } = input
    const { answer, effects } = await perform('change.rehearse', {
      body: {
        action,
        parameters: parameters as Record<string, string>,
        ...(body !== undefined && { body }),
        ...(ifMatch !== undefined && { if_match: ifMatch }),
      },
    })
    found = effects
    return answer
  }
  const performing: Perform = async (action, input, options = {}) =>
    (ADDRESSES[action].startsWith('GET ')
      ? await perform(action, input, options)
      : await rehearse(action, input as Input, options.ifMatch)) as never
  /** Effects of the change; null: the server does not tell them to these credentials. */
  return { performing, effects: (): Effects | null => found }
}

/** @throws the refusal of the change; RemoteFailed for a server without dry runs: it gets no request that changes */
export const dryRunThere = async <T>(steps: Steps<T>, perform: Perform): Promise<T> => {
  const { performing, effects } = createRehearsing(perform)
  const result = await steps(performing)
  noteEffects(effects())
  return result
}

/** A server that makes no dry run, or none now: an emergency must not wait for one. */
const WITHOUT_NUMBERS: ReadonlySet<string> = new Set(['no_dry_run', 'dry_runs_exceeded'])

/**
 * Asks if the change ends something, and before each deletion.
 * @throws StartRefused for another answer than yes; the refusal of the change, which is not sent then: it may be refused now
 * and succeed without a question a moment later
 */
export const askBeforeThere = async (
  steps: Steps<unknown>,
  perform: Perform,
  { origin, isDeletion, terminal }: { origin: string; isDeletion: boolean; terminal?: Terminal },
): Promise<void> => {
  const { performing, effects } = createRehearsing(perform)
  const isRehearsed = await steps(performing).then(
    () => true,
    (error: unknown) => {
      if (error instanceof OperationRefused && WITHOUT_NUMBERS.has(error.code)) return false
      throw error
    },
  )
  const found = isRehearsed ? effects() : null
  if (found === null) {
    await confirm(`This can end clients, secrets, keys or tokens of ${origin}.`, terminal)
  } else if (!isHarmless(found)) await ask(found, terminal)
  else if (isDeletion) await confirm('This deletes it for good, and ends nothing else.', terminal)
}
