// Refusals of an id that is taken: they name the row that has it, or had it before it was deleted.
import { type Existing, AlreadyExists, OperationRefused } from '../errors.ts'

export type { Existing } from '../errors.ts'

/**
 * Waits for a step that creates a row.
 * @param find reads the row that has the id; null where the administrator may not see it
 * @throws AlreadyExists where `find` has one
 */
export const namingExisting = async (
  step: Promise<void>,
  find: () => Promise<Existing | null>,
): Promise<void> => {
  try {
    await step
  } catch (error) {
    if (!(error instanceof OperationRefused) || error.code !== 'already_exists') throw error
    const existing = await find()
    throw existing === null ? error : new AlreadyExists(existing)
  }
}
