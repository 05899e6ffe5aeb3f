// Inputs for property tests: arbitrary text, and text that is almost valid.
import fc from 'fast-check'

const one = { minLength: 1, maxLength: 1 }
/** Any character, half of them ASCII: a uniform choice would hardly ever make a space or a percent sign. */
const character = fc.oneof(
  fc.string({ unit: 'binary-ascii', ...one }),
  fc.string({ unit: 'binary', ...one }),
)

export const anyText = fc.string({ unit: character, maxLength: 60 })
/** Well-formed Unicode without NUL, as a form can carry it. */
export const text = anyText.filter((s) => !s.includes('\0'))
export const name = text.filter((s) => s !== '')
export const bytes = fc.uint8Array({ maxLength: 200 })

/** Text with many of the given words, such as the separators of a form or a header. */
export const nearly = (words: string[]) =>
  fc
    .array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: character, maxLength: 3 })), {
      maxLength: 20,
    })
    .map((parts) => parts.join(''))
export const formText = nearly(
  '& = + % %00 %ff %41 \0 ; # __proto__ grant_type=client_credentials &scope= &resource= &token='.split(
    ' ',
  ),
)
export const headerText = nearly([' ', 'Basic ', ...'basic : = % / + Og== YTpi ,'.split(' ')])
