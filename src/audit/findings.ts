// What is wrong with the audit table, row by row or in ranges.
import { MAX_AUDIT_FINDINGS } from '../constants.ts'

export type FindingKind =
  'changed' | 'moved' | 'missing' | 'added' | 'seal_changed' | 'seal_missing' | 'cut_forged'

/** From `seq` to `lastSeq`, which are the same for a row. */
export type Finding = {
  finding: FindingKind
  seq: number
  lastSeq: number
  /** Of the row that was found in place of the sealed one. */
  digest: string | null
  /** Where the row that was found had been when it was sealed. */
  sealedAs: number | null
}

export type Findings = ReturnType<typeof createFindings>

/** Those that are no finding where retention took the rows. */
const GONE: readonly FindingKind[] = ['missing', 'seal_missing']

/**
 * Keeps the first findings and counts all. Rows that are missing side by side are one finding.
 * @param cutTo up to which row retention has cut by now, while somebody looks
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
      if (GONE.includes(finding) && from > cut) cut = await cutTo()
      const seq = GONE.includes(finding) ? Math.max(from, cut + 1) : from
      if (seq <= to) addRange({ finding, seq, lastSeq: to, digest, sealedAs: null })
    },
    /** In the order of their rows. */
    list: (): Finding[] => kept.toSorted((a, b) => a.seq - b.seq),
    count: (): number => count,
  }
}
