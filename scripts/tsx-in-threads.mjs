// Loaded by `npm run dev` into each thread. tsx compiles TypeScript in the main thread only; the ledger has a thread of
// its own, which needs the loader, too.
import { isMainThread } from 'node:worker_threads'

if (!isMainThread) {
  const { register } = await import('tsx/esm/api')
  register()
}
