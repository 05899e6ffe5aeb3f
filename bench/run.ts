// `npm run bench [-- --only NAME …] [--quick] [--write] [--list] [--page] [--guard]`: measures Latchkey beside others in
// the same run. A whole run writes bench/results.json, docs/benchmarks.md and docs/benchmarks.svg; `--only` writes with
// --write. `--page` writes the page and the picture from results.json, after a change of the template or a section.
import { parseArgs } from 'node:util'
import { SECTIONS, type Section, sectionOf } from './sections.ts'
import { printed } from './document.ts'
import { guard } from './guard.ts'
import { install } from './support/install.ts'
import { runSection } from './support/isolation.ts'
import { readResults, writeResults } from './written.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
    guard: { type: 'boolean', default: false },
  },
})

const measure = async (sections: readonly Section[], write: boolean): Promise<void> => {
  install()
  for (const section of sections) {
    const start = performance.now()
    console.log(`\n== ${section.title}`)
    const result = await runSection(section.name, { quick: values.quick })
    console.log(printed(result))
    console.log(`\n(${((performance.now() - start) / 1000).toFixed(0)} s)`)
    if (write) writeResults({ ...readResults(), [section.name]: result })
    if (result.failure !== undefined) process.exitCode = 1
  }
}

if (values.list) {
  for (const { name, title } of SECTIONS) console.log(`${name.padEnd(16)}${title}`)
} else if (values.page) {
  writeResults(readResults())
} else if (values.guard) {
  process.exit((await guard()) ? 0 : 1)
} else {
  const sections = values.only?.map(sectionOf) ?? SECTIONS
  await measure(sections, values.write || (values.only === undefined && !values.quick))
}
