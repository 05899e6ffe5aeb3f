// Credentials of an administrator for a remote server: from a file, from standard input, from variables. A command line
// has none of them, because every user of the machine can read arguments.
import { readFileSync } from 'node:fs'
import { StartRefused } from '../../errors.ts'
import { parseJsonObject } from '../../json.ts'
import { requirePrivateCredentials } from '../../node/files/file-modes.ts'

export type Credentials = { clientId: string; clientSecret: string }

const FORMS =
  'it must have the JSON with client_id and client_secret, or the lines CLIENT_ID=… and CLIENT_SECRET=…'

/** Reads a file. @throws StartRefused for one that other users can read, or that has no credentials */
export const readCredentials = (path: string): Credentials => {
  requirePrivateCredentials(path, { mounted: true })
  return parseCredentials(readText(path), path)
}

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = String((error as NodeJS.ErrnoException).code)
    throw new StartRefused(`the file of credentials ${path} cannot be read (${code})`)
  }
}

/**
 * Parses what `admin create` prints with `--json` or `--env`, and `keys/admin.json`.
 * @param source names the text in a refusal, which quotes none of it
 */
export const parseCredentials = (text: string, source: string): Credentials => {
  const members = parseJsonObject(text) ?? linesOf(text)
  const clientId = members['client_id'] ?? members['CLIENT_ID']
  const clientSecret = members['client_secret'] ?? members['CLIENT_SECRET']
  if (!isFilled(clientId) || !isFilled(clientSecret)) {
    throw new StartRefused(`${source} has no credentials: ${FORMS}`)
  }
  return { clientId, clientSecret }
}

const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** `NAME=VALUE` lines. */
const linesOf = (text: string): Record<string, unknown> =>
  Object.fromEntries(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
