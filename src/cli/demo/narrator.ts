// How the demo tells: it calls, holds what it sees against what it should be, and shows it.
import { escapeLines, toJson } from '../../text/text.ts'

export type Answer = { status: number; body: Record<string, unknown> }
export type Post = (path: string, form: Record<string, string>) => Promise<Answer>

let step = 0
export const say = (text: string): void => void process.stdout.write(`\n${++step}. ${text}\n`)

export const show = (label: string, value: unknown): void => {
  const text = typeof value === 'string' ? value : toJson(value, 2)
  process.stdout.write(`   ${label}${escapeLines(text).replaceAll('\n', '\n   ')}\n`)
}

export const showRefusal = (label: string, { status, body }: Answer): void => {
  const [error, code, description] = ['error', 'code', 'error_description'].map((name) =>
    String(body[name]),
  )
  show(`${label} → ${status} `, `${error} (${code}): ${description}`)
}

/** The demo tells only what it has seen. */
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

/** A resource server, called with a token. */
export const callWith = async (server: string, path: string, token: string): Promise<Answer> => {
  const headers = { authorization: `Bearer ${token}` }
  return await answerOf(await fetch(server + path, { method: 'POST', headers }))
}

/** What is promised from the end of a revocation to the refusal, in milliseconds. */
const BOUND_MS = 1_000
const LOOK_MS = 5

/**
 * Calls until it is refused. @returns the refusal, and how long that took, in milliseconds
 * @throws Error where it took longer than is promised
 */
export const refusedSoon = async (call: () => Promise<Answer>): Promise<[Answer, number]> => {
  const began = performance.now()
  for (;;) {
    const answer = await call()
    const took = Math.ceil(performance.now() - began)
    if (took > BOUND_MS) throw new Error(`the demo did not expect that it takes ${took} ms`)
    if (answer.status !== 200) return [expect(401, answer), took]
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
