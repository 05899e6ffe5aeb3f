import { type Attack, head, post } from '../hostile-client.ts'

const CHUNKED = { 'Transfer-Encoding': 'chunked' }
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

/** Requests with bodies: the next head arrives together with the end of a body. */
const PIPELINES = [
  post('/docs', 'ab').repeat(1_200),
  post('/oauth/token', 'a=').repeat(1_000),
  `${head('POST /docs', CHUNKED)}1\r\na\r\n0\r\n\r\n`.repeat(1_000),
  `${head('GET /healthz', { 'Content-Length': '2' })}ab`.repeat(1_000),
  `${head('POST /oauth/token', { ...FORM, ...CHUNKED })}${'1\r\na\r\n'.repeat(9_000)}0\r\n\r\n`,
  post('/oauth/token', '\r\n\r\n'.repeat(16_000)),
]

export const attack: Attack = {
  says: '60 connections pipeline requests with bodies, which would be begun out of turn',
  connections: 60,
  async run({ open, over, signal }) {
    for (let i = 0; i < 60; i++) {
      const socket = open().resume()
      const text = PIPELINES[i % PIPELINES.length] ?? ''
      const write = (): void => {
        while (!signal.aborted && socket.write(text));
      }
      socket.on('connect', write).on('drain', write)
    }
    await over()
  },
}
