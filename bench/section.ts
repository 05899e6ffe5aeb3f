// One section in a process of its own (support/isolation.ts): sends the result and exits, and its servers with it.
import { once } from 'node:events'
import type { Options } from './result.ts'
import { sectionOf } from './sections.ts'

const [options] = (await once(process, 'message')) as [Options]
process.once('disconnect', () => process.exit())
const { run } = await sectionOf(process.argv[2] ?? '').load()
const result = await run(options)
process.send?.(result, () => process.exit())
