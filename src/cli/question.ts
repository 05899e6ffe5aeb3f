// The question before a command that ends something.
import { openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { ReadStream } from 'node:tty'
import type { Effects } from '../admin/effects.ts'
import { StartRefused } from '../errors.ts'
import { plural } from '../text/plural.ts'
import { escapeText } from '../text/text.ts'

/** Names what a change ends: `tokens of 3 clients (41 live in the ledger), 5 secrets`. */
export const effectsText = (effects: Effects): string => {
  const { clients, secrets, enrollments, keys, live_tokens: tokens } = effects
  const live = tokens === null ? 'number unknown' : `${tokens} live in the ledger`
  const parts = [
    keys > 0 && plural(keys, 'signing key'),
    clients === 'all' && `tokens of all clients (${live})`,
    typeof clients === 'number' &&
      clients > 0 &&
      `tokens of ${plural(clients, 'client')} (${live})`,
    clients === 0 && tokens !== 0 && (tokens === null ? 'tokens' : plural(tokens, 'live token')),
    secrets > 0 && plural(secrets, 'secret'),
    enrollments > 0 && plural(enrollments, 'enrollment'),
  ]
  return parts.filter((part) => part !== false).join(', ') || 'nothing'
}

/** Tells the effects of a dry run. @param effects null: the credentials may not read them */
export const noteEffects = (effects: Effects | null): void => {
  const ends =
    effects === null ? 'unknown, because the credentials lack admin:read' : effectsText(effects)
  process.stderr.write(`latchkey: dry run, nothing was changed; ends: ${escapeText(ends)}\n`)
}

export type Terminal = { input: NodeJS.ReadableStream; output: NodeJS.WritableStream }

/** Asks about the effects of a change, as `confirm` does. */
export const ask = (effects: Effects, terminal?: Terminal): Promise<void> =>
  confirm(`This ends: ${effectsText(effects)}.`, terminal)

/**
 * Asks, and returns once the answer is yes.
 * @throws StartRefused for every other answer, and for the end of input
 */
export const confirm = async (
  sentence: string,
  { input, output }: Terminal = ownTerminal(),
): Promise<void> => {
  // An input that has ended emits nothing more: the question would wait for ever.
  if (!input.readable) throw unanswerable()
  output.write(`${escapeText(sentence)} Continue? [y/N] `)
  // Without `terminal` the system echoes the answer, and Ctrl-C ends the process.
  const lines = createInterface({ input, terminal: false })
  const answer = await new Promise<string>((resolve) => {
    lines.once('line', resolve).once('close', () => resolve(''))
  })
  lines.close()
  if (input instanceof ReadStream && input !== process.stdin) input.destroy()
  if (!/^\s*y(es)?\s*$/i.test(answer)) throw new StartRefused('nothing was changed')
}

const unanswerable = (): StartRefused =>
  new StartRefused('nothing was changed: no terminal can answer; use --yes')

/** Terminal of the process. Where a command has read standard input as its data, the answer comes from the terminal itself. */
const ownTerminal = (): Terminal => ({
  input: process.stdin.readableDidRead ? openTerminal() : process.stdin,
  output: process.stderr,
})

const openTerminal = (): NodeJS.ReadableStream => {
  try {
    return new ReadStream(openSync('/dev/tty', 'r'))
  } catch {
    throw unanswerable() // Windows has no such file
  }
}
