// Verifiers that follow the revocation list of `issuer`, each with a list of its own, as so many APIs on one machine.
// Reports when each has its first list, and for each rule when each has accepted it: all times from `Date.now`.
import { createVerifier } from '@latchkey/verifier'

/** Precision of the times; 1,000 looks take a few milliseconds of the core that the followers need. */
const LOOK_MS = 25

const setup = await new Promise((resolve) => process.once('message', resolve))
process.once('disconnect', () => process.exit())

const verifiers = Array.from({ length: setup.count }, () =>
  createVerifier({ issuer: setup.issuer, audience: 'hook' }),
)
const rulesOf = (verifier) => verifier.status().revocations.entries?.jti ?? 0

/** Looks at the verifiers that have fewer rules, until none is left. */
const reached = async (rules) => {
  const times = []
  let rest = verifiers
  while (rest.length > 0) {
    const now = Date.now()
    const left = rest.filter((verifier) => rulesOf(verifier) < rules)
    for (let i = left.length; i < rest.length; i++) times.push(now)
    rest = left
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  return times
}

for (const verifier of verifiers) await verifier.ready()
process.send({ ready: verifiers.length })
process.on('message', ({ rules }) => void reached(rules).then((times) => process.send({ times })))
