// Resource servers that begin: for each line on standard input a verifier without any list, and on standard output how
// long it takes until it has the whole one, in milliseconds.
import { createInterface } from 'node:readline'
import { createVerifier } from '@latchkey/verifier'

const options = JSON.parse(process.env.FOLLOWER)

createInterface({ input: process.stdin }).on('line', async () => {
  const verifier = createVerifier(options)
  const began = performance.now()
  const ready = await verifier.ready().then(
    () => true,
    () => false,
  )
  // Not ready within its own limit: that long, at least.
  const ms = performance.now() - began
  process.stdout.write(`${JSON.stringify({ ms, ready })}\n`)
  verifier.close()
})
process.stdin.on('end', () => process.exit())
