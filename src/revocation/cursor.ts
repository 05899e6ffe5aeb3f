// Cursors of the revocation list: the place from which a follower reads on. Pure: no I/O.
//
// The form is `EPOCH.SEQ`. The number has leading zeros, so that cursors of one epoch compare as texts. A `~` behind it
// means that a further page exists.
import { MAX_CURSOR_CHARS } from '../constants.ts'
import type { RevocationHead } from '../store/store.ts'

const SEQ_DIGITS = String(Number.MAX_SAFE_INTEGER).length

export type Cursor = {
  epoch: string
  seq: number
  /**
   * True for an answer that had a further page. Its follower need not begin anew for rules that are pruned meanwhile.
   */
  more: boolean
}

export const formatCursor = ({ epoch, seq, more }: Cursor): string =>
  `${epoch}.${String(seq).padStart(SEQ_DIGITS, '0')}${more ? '~' : ''}`

const parseCursor = (text: string): Cursor | null => {
  if (text.length > MAX_CURSOR_CHARS) return null
  const [, epoch, digits, more] = /^([\w-]+)\.(\d{16})(~?)$/.exec(text) ?? []
  const seq = Number(digits)
  if (epoch === undefined || !Number.isSafeInteger(seq)) return null
  return { epoch, seq, more: more === '~' }
}

/**
 * The number after which an answer begins; null: a full answer, from the start. A cursor gets a full answer if it is of
 * another epoch, from the future, or so old that rules behind it have been pruned.
 */
export const startOf = (after: string | undefined, head: RevocationHead): number | null => {
  const cursor = after === undefined ? null : parseCursor(after)
  if (cursor === null || cursor.epoch !== head.epoch || cursor.seq > head.seq) return null
  return cursor.seq < head.prunedSeq && !cursor.more ? null : cursor.seq
}
