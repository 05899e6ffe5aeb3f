// Conflicts with a faster writer. A caller decides again from a new read, or leaves the work to that writer.
import { MAX_CHANGE_TRIES } from '../constants.ts'
import { Conflict } from '../errors.ts'

/**
 * Runs a step that reads, decides and writes. Runs it again from the start where another writer was faster.
 * @throws Conflict after MAX_CHANGE_TRIES
 */
export const retryOnConflict = async <T>(attempt: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof Conflict) || tries === MAX_CHANGE_TRIES) throw error
    }
  }
}

/**
 * Waits for a step that several processes begin at once. The faster one has done it where this one meets a conflict.
 */
export const unlessOvertaken = async (step: Promise<unknown>): Promise<void> => {
  try {
    await step
  } catch (error) {
    if (!(error instanceof Conflict)) throw error
  }
}
