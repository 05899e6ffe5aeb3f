// Parts of the demo's steps: HTTP calls, checks of their answers, and output.
import { escapeLines, escapeText, toJson } from '../../text/text.ts'

export type Answer = { status: number; body: Record<string, unknown> }
export type Post = (path: string, form: Record<string, string>) => Promise<Answer>

let step = 0
export const say = (text: string): void =>
  void process.stdout.write(escapeLines(`\n${++step}. ${text}\n`))

/** Writes a line between the steps. */
export const tell = (text: string): void => void process.stdout.write(`${escapeText(text)}\n`)

export const show = (label: string, value: unknown): void => {
  const text = typeof value === 'string' ? value : toJson(value, 2)
  process.stdout.write(`   ${escapeText(label)}${escapeLines(text).replaceAll('\n', '\n   ')}\n`)
}

export const showRefusal = (label: string, { status, body }: Answer): void => {
  const [error, code, description] = ['error', 'code', 'error_description'].map((name) =>
    String(body[name]),
  )
  show(`${label} → ${status} `, `${error} (${code})\n  ${description}`)
}

/** Returns the answer. @throws Error for another status, so that the demo shows only what has happened */
export const expect = (status: number, answer: Answer): Answer => {
  if (answer.status === status) return answer
  throw new Error(`the demo did not expect ${answer.status} ${toJson(answer.body)}`)
}

export const expectActive = (active: boolean, answer: Answer): Answer => {
  if (expect(200, answer).body['active'] === active) return answer
  throw new Error(`the demo did not expect ${toJson(answer.body)}`)
}

export const caller =
  (url: string, client: { client_id: string; client_secret: string }): Post =>
  async (path, form) => {
    const basic = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')
    const headers = { authorization: `Basic ${basic}` }
    const body = new URLSearchParams(form)
    return await answerOf(await fetch(url + path, { method: 'POST', headers, body }))
  }

export const answerOf = async (response: Response): Promise<Answer> => {
  const text = await response.text()
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  return { status: response.status, body }
}

/** Calls a resource server with a token. */
export const callWith = async (server: string, path: string, token: string): Promise<Answer> => {
  const headers = { authorization: `Bearer ${token}` }
  return await answerOf(await fetch(server + path, { method: 'POST', headers }))
}

/** Promised bound from the end of a revocation to the first refusal, in milliseconds. */
const BOUND_MS = 1_000
/** Pause between two calls, in milliseconds. */
const RETRY_MS = 5

/**
 * Repeats a call until it is refused. @returns the refusal, and the delay in milliseconds
 * @throws Error for a delay beyond the promised bound
 */
export const refusedSoon = async (call: () => Promise<Answer>): Promise<[Answer, number]> => {
  const startedAt = performance.now()
  for (;;) {
    const answer = await call()
    const delayMs = Math.ceil(performance.now() - startedAt)
    if (delayMs > BOUND_MS) throw new Error(`the demo did not expect a delay of ${delayMs} ms`)
    if (answer.status !== 200) return [expect(401, answer), delayMs]
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }
}
