// The schema of every field that holds text for people. Pure: no I/O.
import { z } from 'zod'
import { isVisible, textError } from './text.ts'

const refuseHidden = (text: string, context: z.RefinementCtx): void => {
  const error = textError(text)
  if (error !== null) context.addIssue({ code: 'custom', message: `must ${error}` })
}

/** The value of a filter, compared as it is: no stored text has what no input takes. */
export const comparedText = (maxChars: number) =>
  z
    .string()
    .min(1, { error: 'must not be empty' })
    .max(maxChars, { error: `must have at most ${maxChars} characters` })
    .superRefine(refuseHidden)

/** Spaces around are dropped. The rule looks at the text before: trimming would drop U+2028 and U+FEFF unseen. */
export const humanText = (maxChars: number) =>
  z
    .string({ error: `must be a text of up to ${maxChars} characters` })
    .superRefine(refuseHidden)
    .trim()
    .min(1, { error: 'must not be empty' })
    .max(maxChars, { error: `must have at most ${maxChars} characters` })
    .refine(isVisible, { error: 'must have a visible character' })
