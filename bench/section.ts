// Process of one section (support/isolation.ts): it sends the result and exits, and its servers exit with it.
import { once } from 'node:events'
import { type Options, type SectionResult, failed } from './result.ts'
import { sectionOf } from './sections.ts'

const measured = async (options: Options): Promise<SectionResult> => {
  try {
    const { run } = await sectionOf(process.argv[2] ?? '').load()
    return await run(options)
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error))
  }
}

const [options] = (await once(process, 'message')) as [Options]
process.once('disconnect', () => process.exit())
const result = await measured(options)
process.send?.(result, () => process.exit())
