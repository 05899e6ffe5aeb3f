// Follower without a list: prints the milliseconds until it has the whole list of the issuer, and its number of rules.
import { createVerifier } from '@latchkey/verifier'

const [, , issuer] = process.argv
const verifier = createVerifier({ issuer, audience: 'hook' })
const began = performance.now()
/** `ready` rejects after its own limit of time; the list is loaded further in the background. */
const ready = async () => {
  try {
    await verifier.ready()
  } catch {
    await ready()
  }
}
await ready()
const { entries } = verifier.status().revocations
console.log(JSON.stringify({ ms: performance.now() - began, rules: entries.jti }))
process.exit()
