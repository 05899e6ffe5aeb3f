// Misspellings of names: array, index, path, plural, case, separators, synonyms. Pure: no I/O.

/** Length above which a word is no misspelling of a known name. */
const MAX_WORD_CHARS = 64

/**
 * Characters that separate the parts of a path: `scope[0]`, `scope.0`, `params[scope]`,
 * `scope%5B%5D`.
 */
const SEPARATOR = /[^\p{L}\p{N}\p{M}\p{Z}\p{Cf}\p{Cc}_-]/u

/** Characters within a word that do not distinguish words: `plugin-id`, `pluginId`, `scope `. */
const FILLER = /[^\p{L}\p{N}\p{M}]/gu

/**
 * Digits of an index, the s of a plural, and words for a list: `scope_0`, `scopes`, `scope_list`.
 */
const ENDINGS = ['s', 'list', 'array', ...'0123456789'.split('')]

/** Removes all such endings, unless nothing would remain. */
const stem = (word: string): string => {
  const ending = ENDINGS.find((text) => word.length > text.length && word.endsWith(text))
  return ending === undefined ? word : stem(word.slice(0, -ending.length))
}

/** A single word. Most names are one, and a form of 64 KiB can have thousands. */
const ONE_WORD = /^[\w-]*$/

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/

/** The lower case of I in Turkish, to which some platforms convert every I. */
const DOTLESS = /\u0131/g

/** Removes marks and compatibility forms: `\uff53cope`, `scop\u00e9`, `PLUG\u0130N_ID`. */
const foldMarks = (name: string): string =>
  name.normalize('NFKD').replace(/\p{M}/gu, '').replace(DOTLESS, 'i')

/** The words of a name: all of it, and each part. */
const wordsOf = (name: string): string[] => {
  if (ONE_WORD.test(name)) return [name.toLowerCase().replace(/[_-]/g, '')]
  const folded = (PRINTABLE_ASCII.test(name) ? name : foldMarks(name)).toLowerCase()
  const parts = folded.split(SEPARATOR).map((part) => part.replace(FILLER, ''))
  return [parts.join(''), ...parts]
}

/** Synonyms of parameters, each with the place where clients and people read it. */
const SYNONYMS: readonly (readonly [word: string, name: string])[] = [
  ['plugin', 'plugin_id'], // the claim, the flag and the table
  ['aud', 'audience'], // the claim (RFC 9068 §2.2)
  ['audience_id', 'audience'], // analogy with plugin_id and client_id
  ['scp', 'scope'], // the claim of other authorization servers
  ['permission', 'scope'], // the admin API, the command line and the verifier
  ['resource_indicator', 'resource'], // the title of RFC 8707
  ['authorisation_details', 'authorization_details'], // British English
]

const stemOfName = (name: string): string => stem(name.toLowerCase().replace(FILLER, ''))

/**
 * Maps the stems of names and of their synonyms to the names. A name has priority over a synonym.
 */
const stemsOf = (names: readonly string[]): ReadonlyMap<string, string> => {
  const synonyms = SYNONYMS.filter(([, name]) => names.includes(name))
  const words: [string, string][] = [
    ...synonyms.map(([word, name]): [string, string] => [stemOfName(word), name]),
    // A later entry replaces an earlier one.
    ...names.map((name): [string, string] => [stemOfName(name), name]),
  ]
  return new Map(words)
}

/** Finds the known name that a name misspells; null for a known name and for any other word. */
export type Speller = (name: string) => string | null

/**
 * Separators of a namespace: `https://example.com/scope` and `urn:acme:scope` are names of others.
 */
const OF_NAMESPACE = /[:/]/

/**
 * The part of a name that may be a misspelling: all of it, or its namespace (`scope:0`,
 * `/scope/0`).
 */
const spelledPart = (name: string): string =>
  OF_NAMESPACE.test(name) ? (name.split(OF_NAMESPACE).find((part) => part !== '') ?? '') : name

/**
 * Makes a check against names that narrow a request. Ignoring a misspelling of one would widen the
 * request, although RFC 6749 §3.2 lets a server ignore unknown parameters.
 * @example createSpeller(['scope'])('scope[]') // 'scope'
 * @example createSpeller(['scope'])('colour') // null
 */
export const createSpeller = (names: readonly string[]): Speller => {
  const exact = new Set(names)
  const stems = stemsOf(names)
  const shortest = Math.min(...[...stems.keys()].map((word) => word.length))
  return (name) => {
    if (exact.has(name) || name.length < shortest) return null
    for (const word of wordsOf(spelledPart(name))) {
      const meant = word.length <= MAX_WORD_CHARS ? stems.get(stem(word)) : undefined
      if (meant !== undefined) return meant
    }
    return null
  }
}
