// Schemas of fields that hold text for people. Pure: no I/O.
import { z } from 'zod'
import { isVisible, textError } from './text.ts'

const refuseHidden = (text: string, context: z.RefinementCtx): void => {
  const error = textError(text)
  if (error !== null) context.addIssue({ code: 'custom', message: `must ${error}` })
}

/** The value of a filter. It obeys the rule of stored text: any other value could match nothing. */
export const comparedText = (maxChars: number) =>
  z
    .string()
    .min(1, { error: 'must not be empty' })
    .max(maxChars, { error: `must have at most ${maxChars} characters` })
    .superRefine(refuseHidden)

/**
 * Text that is stored without surrounding spaces. Checked before it is trimmed, which would remove
 * U+2028 and U+FEFF.
 */
export const humanText = (maxChars: number) =>
  z
    .string({ error: `must be a text of up to ${maxChars} characters` })
    .superRefine(refuseHidden)
    .trim()
    .min(1, { error: 'must not be empty' })
    .max(maxChars, { error: `must have at most ${maxChars} characters` })
    .refine(isVisible, { error: 'must have a visible character' })
