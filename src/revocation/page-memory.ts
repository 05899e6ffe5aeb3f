// The pages of the revocation list that a process keeps, within a bound of bytes.
import { MAX_LAST_PAGES, PLAIN_PAGES_SHARE } from '../constants.ts'
import { createByteCache } from './byte-cache.ts'
import type { Bytes } from './page-host.ts'
import type { SignedPage } from './page.ts'

/** The key of a page: the number behind which it begins; null: a full answer. */
export type Start = number | null

export type PageMemory = {
  find(start: Start): SignedPage | undefined
  /** @param text the JWT, of which a long page keeps only the compressed form */
  add(page: SignedPage, text: Bytes): void
  /** The JWT of a page; undefined where only its compressed form is kept. */
  textOf(page: SignedPage): Bytes | undefined
  addText(page: SignedPage, text: Bytes): void
}

/** Keeps pages that are full apart from last pages: a flood of one kind does not displace the other. */
export const createPageMemory = (maxBytes: number): PageMemory => {
  const full = createByteCache<Start, SignedPage>({ maxBytes })
  const last = createByteCache<Start, SignedPage>({ maxBytes, maxEntries: MAX_LAST_PAGES })
  const texts = createByteCache<SignedPage, Bytes>({ maxBytes: maxBytes * PLAIN_PAGES_SHARE })
  const addText = (page: SignedPage, text: Bytes): void => texts.set(page, text, text.length)
  return {
    find: (start) => full.get(start) ?? last.get(start),
    add(page, text) {
      const { start, more, gzip } = page
      const [into, other] = more ? [full, last] : [last, full]
      into.set(start, page, (gzip ?? text).length)
      other.delete(start)
      if (gzip !== null) addText(page, text)
    },
    textOf: (page) => page.plain ?? texts.get(page),
    addText,
  }
}
