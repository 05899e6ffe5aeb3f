// Findings of a check of the audit table: single rows and ranges of rows.
import { MAX_AUDIT_FINDINGS } from '../constants.ts'

export type FindingKind =
  'changed' | 'moved' | 'missing' | 'added' | 'seal_changed' | 'seal_missing' | 'cut_forged'

/** Rows from `seq` to `lastSeq`, which are equal for a single row. */
export type Finding = {
  finding: FindingKind
  seq: number
  lastSeq: number
  /** Digest of the row found in place of the sealed one. */
  digest: string | null
  /** Number that the found row had when it was sealed. */
  sealedAs: number | null
}

export type Findings = ReturnType<typeof createFindings>

/** Kinds that are no finding for rows that retention has deleted. */
const DELETION_KINDS: readonly FindingKind[] = ['missing', 'seal_missing']

/**
 * Collects the first MAX_AUDIT_FINDINGS and counts all. Adjacent missing rows are one finding.
 * @param cutTo reads the last row that retention has deleted, which can increase during the check
 */
export const createFindings = (cutTo: () => Promise<number>) => {
  const kept: Finding[] = []
  let count = 0
  let last: Finding | null = null
  let cut = 0

  const addRange = (found: Finding): void => {
    if (
      last?.finding === 'missing' &&
      found.finding === 'missing' &&
      last.lastSeq + 1 === found.seq
    ) {
      last.lastSeq = found.lastSeq
      return
    }
    last = found
    count++
    if (kept.length < MAX_AUDIT_FINDINGS) kept.push(found)
  }

  return {
    async add(
      finding: FindingKind,
      from: number,
      { to = from, digest = null }: { to?: number; digest?: string | null } = {},
    ): Promise<void> {
      const isDeletion = DELETION_KINDS.includes(finding)
      if (isDeletion && from > cut) cut = await cutTo()
      const seq = isDeletion ? Math.max(from, cut + 1) : from
      if (seq <= to) addRange({ finding, seq, lastSeq: to, digest, sealedAs: null })
    },
    /** Findings in the order of their rows. */
    list: (): Finding[] => kept.toSorted((a, b) => a.seq - b.seq),
    count: (): number => count,
  }
}
