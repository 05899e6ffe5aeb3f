// A hostile client as a process of its own, bounded in time: `hostile.ts NAME`, HOSTILE in the environment.
import { createHostile, type Target } from './hostile-client.ts'
import { ATTACKS } from './attacks/index.ts'

const { target, ms } = JSON.parse(process.env['HOSTILE'] ?? '') as { target: Target; ms: number }
const attack = ATTACKS[process.argv[2] ?? '']
if (attack === undefined) throw new Error(`there is no attack ${process.argv[2]}`)

const end = new AbortController()
setTimeout(() => end.abort(), ms).unref()
process.stdin.resume().once('end', () => end.abort())
// Ends the attack at this time in any case.
setTimeout(() => process.exit(1), ms + 5_000).unref()

process.stdout.write('begun\n')
await attack.run(createHostile(target, end.signal)).catch((error: unknown) => {
  if (!end.signal.aborted) throw error
})
end.abort()
process.exit()
