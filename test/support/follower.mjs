// A process in the role of a resource server: followers with default options verify the watched tokens again and
// again, and print when a token is first accepted and when it is refused.
//
// FOLLOWER: the verifier's options as JSON, and `count`. Standard input: one command per line as JSON, { watch: {
// id: token } }, { check: { id: token } } (answered with the codes) or { jump: seconds } (of the wall clock).
import { createInterface } from 'node:readline'
import { createVerifier, unsafeIgnorePlugin } from '@latchkey/verifier'

const LOOK_MS = 5
const { count = 1, ...options } = JSON.parse(process.env.FOLLOWER)
const REQUIRED = { permission: null, plugin: unsafeIgnorePlugin }
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`)

let jump = 0
const clock = () => Date.now() + jump * 1000
const verifiers = Array.from({ length: count }, () => createVerifier({ ...options, clock }))

const codeOf = async (verifier, token) => {
  try {
    await verifier.verify(token, REQUIRED)
    return 'good'
  } catch (error) {
    return error.code ?? String(error)
  }
}

/** Watched tokens of each verifier, with the last code for each token. */
const watched = verifiers.map(() => new Map())

const look = async () => {
  for (const [i, verifier] of verifiers.entries()) {
    for (const [id, seen] of watched[i]) {
      const code = await codeOf(verifier, seen.token)
      if (code !== seen.code) say({ id, code, at: Date.now() })
      seen.code = code
      if (/^token_(revoked|untrusted)$/.test(code)) watched[i].delete(id)
    }
  }
  setTimeout(look, LOOK_MS)
}

const COMMANDS = {
  watch(tokens) {
    for (const seen of watched) {
      for (const [id, token] of Object.entries(tokens)) seen.set(id, { token, code: null })
    }
  },
  async check(tokens) {
    const codes = {}
    for (const [id, token] of Object.entries(tokens)) codes[id] = await codeOf(verifiers[0], token)
    say({ codes })
  },
  jump(seconds) {
    jump = seconds
  },
  status() {
    say({ status: verifiers[0].status(), memory: process.memoryUsage().rss })
  },
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const [[name, argument]] = Object.entries(JSON.parse(line))
  COMMANDS[name](argument)
})
process.stdin.on('end', () => process.exit())

const began = performance.now()
// A thousand followers at once may take longer than ready() waits. This process retries; the test has the time limit.
const readyAtLast = (verifier) => verifier.ready().catch(() => readyAtLast(verifier))
await Promise.all(verifiers.map(readyAtLast))
say({ ready: performance.now() - began })
await look()
