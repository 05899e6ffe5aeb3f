// Resource server for the attack. It answers with the verifier's code, on one path for each verifier.
import { createServer } from 'node:http'
import { createVerifier, unsafeIgnorePlugin } from '@latchkey/verifier'

const verifier = createVerifier(JSON.parse(process.env.FOLLOWER))
const REQUIRED = { permission: null, plugin: unsafeIgnorePlugin }

const codeOf = async (token) => {
  try {
    await verifier.verify(token, REQUIRED)
    return 'good'
  } catch (error) {
    return error.code ?? String(error)
  }
}

const server = createServer(async (request, response) => {
  response.end(await codeOf((request.headers.authorization ?? '').replace('Bearer ', '')))
})
await verifier.ready()
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
process.stdin.resume().on('end', () => process.exit())
