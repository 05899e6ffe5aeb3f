// Words that begin a comment or a test title without a noun or a verb, and words that no text has. A reader has to look
// ahead for the subject, or does not learn the number or the actor. Pure: no I/O.

const wordsOf = (text: string): string[] => text.trim().split(/\s+/)

/** Questions and relatives, pronouns, negations, prepositions, conjunctions. */
const OPENERS: ReadonlySet<string> = new Set(
  wordsOf(`
    what whatever who whoever whom whose which whichever that where wherever why how whether
    once while until unless since those these it its they them their he his she somebody
    someone everybody everyone anybody anyone others neither either none nobody nothing never
    not nor nowhere no-one of for from in on at by with without behind beside besides between
    before after over under through towards upon and or but so as because though although if
    than else such there here then thus also only even just still yet
  `),
)

/**
 * Openers that may begin a sentence of a page: it refers to the sentence before it (`these`, `so`), or has its
 * condition, place or time first.
 */
const OPENERS_OF_PAGES: ReadonlySet<string> = new Set(
  wordsOf(`
    it its they them their he his she these such there so then also only
    if once while until unless since where because though although as
    for from in on at by with without behind beside besides between
    before after over under through towards upon
  `),
)

/** Terms in place of a number with its unit, or of the actor's name. */
const VAGUE = [/\ba\s+while\b/i, /\bright\s+now\b/i, /\b(?:whoever|nobody|somebody)\b/i]

/** Code and text in double quotes: a mention of a word is no use of it. */
const QUOTED = /`[^`]*`|"[^"\n]*"|“[^”]*”/g

/** The first word of a text in lower case; null where it begins with a name in backquotes, a number or a sign. */
const firstWord = (text: string): string | null =>
  /^\s*([A-Za-z]+(?:[-’'][A-Za-z]+)*)/.exec(text)?.[1]?.toLowerCase() ?? null

/** True for a comment or a title that begins with one of the openers. */
export const beginsWithOpener = (text: string): boolean => {
  const word = firstWord(text)
  return word !== null && OPENERS.has(word)
}

/** True for a sentence of a page that begins with an opener, apart from those that refer back or have a condition. */
export const sentenceBeginsWithOpener = (text: string): boolean =>
  beginsWithOpener(text) && !OPENERS_OF_PAGES.has(firstWord(text) ?? '')

/** Finds the first vague term of a text, in lower case and with single spaces; null: none. */
export const vagueTerm = (text: string): string | null => {
  const own = text.replace(QUOTED, ' ')
  const found = VAGUE.flatMap((pattern) => pattern.exec(own)?.[0] ?? [])[0]
  return found?.toLowerCase().replace(/\s+/g, ' ') ?? null
}
