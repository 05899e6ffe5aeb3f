// Starts a verifier without a list for each line on standard input, and prints the time until it has the whole
// list, in milliseconds.
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
  // Counts a verifier that is not ready within its limit as that long.
  const ms = performance.now() - began
  process.stdout.write(`${JSON.stringify({ ms, ready })}\n`)
  verifier.close()
})
process.stdin.on('end', () => process.exit())
