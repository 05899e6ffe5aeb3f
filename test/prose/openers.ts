// Words that begin a comment or a test title without a noun or a verb. A reader has to look ahead for the subject.
// Pure: no I/O.

/** Questions and relatives, pronouns, negations, prepositions, conjunctions. */
export const OPENERS: ReadonlySet<string> = new Set(
  `
    what whatever who whoever whom whose which whichever that where wherever why how whether
    once while until unless since those these it its they them their he his she somebody
    someone everybody everyone anybody anyone others neither either none nobody nothing never
    not nor nowhere no-one of for from in on at by with without behind beside besides between
    before after over under through towards upon and or but so as because though although if
    than else such there here then thus also only even just still yet
  `
    .trim()
    .split(/\s+/),
)

/** The first word of a text in lower case; null where it begins with a name in backquotes, a number or a sign. */
export const firstWord = (text: string): string | null =>
  /^\s*([A-Za-z]+(?:[-’'][A-Za-z]+)*)/.exec(text)?.[1]?.toLowerCase() ?? null

/** True for a text that begins with one of the openers. */
export const beginsWithOpener = (text: string): boolean => {
  const word = firstWord(text)
  return word !== null && OPENERS.has(word)
}
