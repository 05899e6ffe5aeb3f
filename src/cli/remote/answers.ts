// Answers of the admin API as the results and the errors that the operations have in this process.
import type { IncomingMessage } from 'node:http'
import { MAX_REMOTE_LINE_CHARS, VERSION } from '../../constants.ts'
import {
  Conflict,
  OperationRefused,
  REFUSALS,
  RemoteFailed,
  type RefusalCode,
} from '../../errors.ts'
import { parseJsonObject } from '../../json.ts'
import { readText } from './exchange.ts'

const isType = ({ headers }: IncomingMessage, type: string): boolean =>
  headers['content-type']?.split(';')[0]?.trim() === type

/** A server without the endpoint, or with other answers, is of another version, or no Latchkey. */
const notUnderstood = (origin: string, why: string): RemoteFailed =>
  new RemoteFailed(`${origin} ${why}: it may run another version than this command (${VERSION})`)

/** @throws the refusal that the operation has in this process, or RemoteFailed */
export const readAnswer = async (answer: IncomingMessage, origin: string): Promise<unknown> => {
  if (isType(answer, 'application/x-ndjson')) return { etag: '', rows: linesOf(answer) }
  const text = await readText(answer)
  const isSuccess = answer.statusCode === 200 || answer.statusCode === 201
  if (isSuccess && isType(answer, 'application/json')) {
    const value = parsed(text)
    if (value !== undefined) return value
  }
  throw refusalOf(answer, text, origin)
}

/** A list of a thousand rows is no input to be checked member by member, as `parseJson` does. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const isRefusal = (code: unknown): code is RefusalCode =>
  typeof code === 'string' && Object.hasOwn(REFUSALS, code)

const refusalOf = ({ statusCode }: IncomingMessage, text: string, origin: string): Error => {
  const problem = parseJsonObject(text)
  const code = problem?.['code']
  const detail = problem?.['detail']
  if (typeof detail !== 'string') {
    return notUnderstood(origin, `answers with status ${statusCode} and no problem (RFC 9457)`)
  }
  if (code === 'method_not_allowed' || detail === 'there is nothing at this address') {
    return notUnderstood(origin, 'lacks the operation')
  }
  if (code === 'conflict') return new Conflict(detail)
  if (isRefusal(code)) return new OperationRefused(code, detail)
  return new RemoteFailed(`${origin} refuses the request: ${detail}`)
}

/** Lines of an export while they arrive. @throws RemoteFailed for an export that the server broke off */
const linesOf = async function* (answer: IncomingMessage): AsyncGenerator<unknown> {
  let rest = ''
  try {
    for await (const chunk of answer.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > MAX_REMOTE_LINE_CHARS)
        throw new RemoteFailed('a line of the export is too long')
      for (const line of lines) yield JSON.parse(line) as unknown
    }
  } catch (error) {
    if (error instanceof RemoteFailed) throw error
    throw new RemoteFailed('the server broke off the export: it is incomplete')
  }
  if (rest !== '') throw new RemoteFailed('the server broke off the export: it is incomplete')
}
