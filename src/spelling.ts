// Another spelling of a name: array, index, path, plural, case, separators. Pure: no I/O.

/** Longer words are no spelling of a known name. */
const MAX_WORD_CHARS = 64

/** Characters that separate the parts of a path: `scope[0]`, `scope.0`, `params[scope]`, `scope%5B%5D`. */
const SEPARATOR = /[^\p{L}\p{N}\p{M}\p{Z}\p{Cf}\p{Cc}_-]/u

/** Characters within a word that do not tell words apart: `plugin-id`, `pluginId`, `scope `. */
const FILLER = /[^\p{L}\p{N}\p{M}]/gu

/** Without the digits of an index and the s of a plural. */
const stem = (word: string): string => {
  let end = word.length
  while (end > 1 && /[\ds]/.test(word.charAt(end - 1))) end--
  return word.slice(0, end)
}

/** One word: most names are, and a form of 64 KiB has thousands. */
const ONE_WORD = /^[\w-]*$/

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/

/** A name as a whole and each part of it. Compatibility forms (fullwidth letters) are folded. */
const wordsOf = (name: string): string[] => {
  if (ONE_WORD.test(name)) return [name.toLowerCase().replace(/[_-]/g, '')]
  const folded = (PRINTABLE_ASCII.test(name) ? name : name.normalize('NFKC')).toLowerCase()
  const parts = folded.split(SEPARATOR).map((part) => part.replace(FILLER, ''))
  return [parts.join(''), ...parts]
}

/** Known names by their stem, and `plugin` for `plugin_id`: the claim, the flag and the table have that word. */
const stemsOfKnown = (known: readonly string[]): ReadonlyMap<string, string> =>
  new Map(
    known.flatMap((name): [string, string][] => {
      const word = stem(name.toLowerCase().replace(FILLER, ''))
      return name === 'plugin_id'
        ? [
            [word, name],
            ['plugin', name],
          ]
        : [[word, name]]
    }),
  )

/** Tells for a name which known one it spells in another way; null for a known one and for any other word. */
export type Speller = (name: string) => string | null

/** Names that belong to somebody: `https://example.com/scope`, `urn:acme:scope`. No library spells a list like this. */
const OWNED = /[:/]/

/**
 * A check of names against those that are known, each of which narrows a request: ignoring another spelling of one
 * would widen it, although RFC 6749 §3.2 lets a server ignore what it does not know.
 * @example createSpeller(['scope'])('scope[]') // 'scope'
 * @example createSpeller(['scope'])('colour') // null
 */
export const createSpeller = (known: readonly string[]): Speller => {
  const exact = new Set(known)
  const stems = stemsOfKnown(known)
  const shortest = Math.min(...[...stems.keys()].map((word) => word.length))
  return (name) => {
    if (exact.has(name) || name.length < shortest || OWNED.test(name)) return null
    for (const word of wordsOf(name)) {
      const meant = word.length <= MAX_WORD_CHARS ? stems.get(stem(word)) : undefined
      if (meant !== undefined) return meant
    }
    return null
  }
}
