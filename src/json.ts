// JSON (RFC 8259) from outside: each member once, nothing nested too deep. Pure.
import { MAX_JSON_DEPTH } from './constants.ts'

/**
 * JSON.parse takes the last of several members with the same name; another reader may take the first.
 * @throws SyntaxError for what is not JSON, repeats a member or is nested too deep
 */
export const parseJson = (text: string): unknown => {
  const value: unknown = JSON.parse(text)
  if (countMembers(value) !== countColons(text)) throw new SyntaxError('a member is repeated')
  return value
}

/** Every member has its colon; those within strings do not count. */
const countColons = (text: string): number =>
  text.replace(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1

const countMembers = (value: unknown, depth = 0): number => {
  if (typeof value !== 'object' || value === null) return 0
  if (depth >= MAX_JSON_DEPTH) throw new SyntaxError('nested too deep')
  const members: unknown[] = Object.values(value)
  const own = Array.isArray(value) ? 0 : members.length
  return members.reduce<number>((sum, member) => sum + countMembers(member, depth + 1), own)
}

/** An object that is no array. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
