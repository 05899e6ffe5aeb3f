import { FORM_PATHS } from '../../support/addresses.ts'
import { type Attack, post } from '../hostile-client.ts'

const SIZE = 64_000
const nested = `${'['.repeat(SIZE / 8)}${']'.repeat(SIZE / 8)}`
const FORMS = [
  Array.from({ length: SIZE / 8 }, (_, i) => `p${i}=1`)
    .join('&')
    .slice(0, SIZE),
  `a=${'%41'.repeat(SIZE / 3 - 2)}`,
  '&'.repeat(SIZE),
  `scope=${'a+'.repeat(SIZE / 2 - 5)}`,
  `authorization_details=${nested}`,
  `token=${'ey.'.repeat(SIZE / 3 - 5)}`,
]

export const attack: Attack = {
  says: '60 connections send forms of 64 KB, made to be read slowly',
  connections: 60,
  async run({ ask }) {
    let i = 0
    await ask(60, () =>
      post(FORM_PATHS[i++ % FORM_PATHS.length] ?? '', FORMS[i % FORMS.length] ?? ''),
    )
  },
}
