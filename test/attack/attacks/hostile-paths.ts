import { type Attack, get } from '../hostile-client.ts'

const LONG = 15_000
const PATHS = [
  `/ey${'a'.repeat(LONG)}`,
  `/${'ey-'.repeat(LONG / 3)}`,
  `/${'eyeyeyeyey.'.repeat(LONG / 11)}`,
  `/${'%65y'.repeat(LONG / 4)}`,
  `/${'../'.repeat(LONG / 3)}`,
  `/${'a/'.repeat(LONG / 2)}`,
  `/?${'ey='.repeat(LONG / 3)}`,
  `/oauth/register/${'lkc_'.repeat(LONG / 4)}`,
]

export const attack: Attack = {
  says: '60 connections ask for paths of 15 KB that look like tokens',
  connections: 60,
  async run({ ask }) {
    let i = 0
    await ask(60, () => get(PATHS[i++ % PATHS.length] ?? '/'))
  },
}
