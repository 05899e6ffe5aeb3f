// The script of `/docs`, as text. Types of its JSDoc comments are checked by `test/browser/script.test.ts`.
import { COPY } from './copy.ts'
import { FILTER } from './filter.ts'
import { TRY_IT } from './try-it.ts'

/** Each part is a block of its own. None of them sets markup, so the page permits no string as markup. */
export const SCRIPT = `'use strict'\n${FILTER}${TRY_IT}${COPY}`
