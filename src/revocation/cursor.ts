// Where a follower of the revocation list goes on. Pure: no I/O.
//
// `EPOCH.SEQ`, the number with leading zeros, so that within an epoch cursors compare as text; a `~` behind it
// where more is to come at once.
import { MAX_CURSOR_CHARS } from '../constants.ts'
import type { RevocationHead } from '../store/store.ts'

const SEQ_DIGITS = String(Number.MAX_SAFE_INTEGER).length

export type Cursor = {
  epoch: string
  seq: number
  /** Of an answer that had a further page: what is pruned meanwhile is not missed there. */
  more: boolean
}

export const formatCursor = ({ epoch, seq, more }: Cursor): string =>
  `${epoch}.${String(seq).padStart(SEQ_DIGITS, '0')}${more ? '~' : ''}`

export const parseCursor = (text: string): Cursor | null => {
  if (text.length > MAX_CURSOR_CHARS) return null
  const [, epoch, digits, more] = /^([\w-]+)\.(\d{16})(~?)$/.exec(text) ?? []
  const seq = Number(digits)
  if (epoch === undefined || !Number.isSafeInteger(seq)) return null
  return { epoch, seq, more: more === '~' }
}

/**
 * The number after which an answer begins; null: it is a full one, from the start. So it is for a cursor of
 * another epoch or from the future, and for one that is so old that rules behind it have been pruned.
 */
export const startOf = (after: string | undefined, head: RevocationHead): number | null => {
  const cursor = after === undefined ? null : parseCursor(after)
  if (cursor === null || cursor.epoch !== head.epoch || cursor.seq > head.seq) return null
  return cursor.seq < head.prunedSeq && !cursor.more ? null : cursor.seq
}
