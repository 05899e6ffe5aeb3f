// Reads that are answered from memory while nothing has been committed since.
import { MAX_REMEMBERED_ANSWERS } from '../../constants.ts'
import { createLatest } from '../latest.ts'
import type { Connection } from './connection.ts'

/**
 * Asks the database at every call whether something was committed, so an answer is never older than a read would be.
 * Remembers nothing on a connection without `version`, and no null: an attacker chooses the keys of those.
 * @param answersFor tells whether a remembered answer is that of a call, where it depends on more than the key
 */
export const remembering = <K extends string, T, A extends unknown[]>(
  { version }: Pick<Connection, 'version'>,
  read: (key: K, ...further: A) => Promise<T>,
  answersFor: (remembered: T, ...further: A) => boolean = () => true,
): ((key: K, ...further: A) => Promise<T>) => {
  if (version === undefined) return read
  const answers = createLatest<T>(MAX_REMEMBERED_ANSWERS)
  let answersVersion = ''
  return async (key, ...further) => {
    const current = version()
    if (current !== answersVersion) answers.clear()
    answersVersion = current
    const remembered = answers.get(key)
    if (remembered !== undefined && answersFor(remembered, ...further)) return remembered
    const answer = await read(key, ...further)
    // A commit during the read has changed `answersVersion`: this answer is of an older state.
    if (answer !== null && answersVersion === current) answers.add(key, answer)
    return answer
  }
}
