// What is sent, for property tests: anything at all, and what comes close to meaning something.
import fc from 'fast-check'

const one = { minLength: 1, maxLength: 1 }
/** Any character, half of them ASCII: of all characters a space or a percent sign would hardly ever come. */
const character = fc.oneof(
  fc.string({ unit: 'binary-ascii', ...one }),
  fc.string({ unit: 'binary', ...one }),
)

export const anyText = fc.string({ unit: character, maxLength: 60 })
/** Well-formed Unicode without NUL: what a form can carry. */
export const text = anyText.filter((s) => !s.includes('\0'))
export const name = text.filter((s) => s !== '')
export const bytes = fc.uint8Array({ maxLength: 200 })

/** Text in which what means something to a form or a header is common. */
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
