// Values that a shell offers behind flags whose values are a closed set. Pure: no I/O.
import { ALGORITHM_NAMES } from '../../signing/algorithms.ts'
import { COLUMNS, type ListedNoun, membersOf } from '../columns.ts'

/** Sets by the placeholder in the usage of the flag. */
const SETS: Readonly<Record<string, readonly string[]>> = {
  ALG: ALGORITHM_NAMES,
  BOOLEAN: ['true', 'false'],
  KIND: ['jti', 'run', 'client', 'plugin', 'workspace', 'key'],
  METHOD: ['client_secret_basic', 'client_secret_post'],
  OUTCOME: ['intent', 'success', 'refused', 'failed'],
  STATE: ['next', 'active', 'retiring', 'revoked'],
  TIER: ['bundled', 'trusted', 'restricted'],
}

const WORKSPACE_STATUS = ['active', 'suspended']
const STATUS = ['active', 'disabled']

const isListed = (noun: string): noun is ListedNoun => Object.hasOwn(COLUMNS, noun)

/**
 * The values that a flag of a command accepts; none where the set is open.
 * @param flags usage of the flag, such as `--status <STATUS>`
 */
export const valuesOf = (noun: string, flags: string): readonly string[] => {
  const placeholder = flags.slice(flags.lastIndexOf('<') + 1, flags.lastIndexOf('>'))
  if (placeholder === 'STATUS') return noun === 'workspace' ? WORKSPACE_STATUS : STATUS
  if (placeholder !== 'MEMBER') return SETS[placeholder] ?? []
  return isListed(noun) ? membersOf(noun).flatMap((member) => [member, `-${member}`]) : []
}
