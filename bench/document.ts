// docs/benchmarks.md and the text of the console, from results and bench/template.md. Pure.
import type { Environment } from './support/environment.ts'
import { type Results, type SectionResult, type Table, type Target, isMet } from './result.ts'
import { SECTIONS } from './sections.ts'

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const markdownTable = ({ columns, rows }: Pick<Table, 'columns' | 'rows'>): string =>
  [
    line(columns),
    line(columns.map((_, i) => (i === 0 ? '---' : '---:'))).replaceAll(' ', ''),
    ...rows.map(line),
  ].join('\n')

const DIGITS: Record<string, number> = { '×': 2, ms: 3, µs: 2, s: 2, MB: 0, '%': 1, ns: 0 }
/** Least figure without decimals. */
const WHOLE = 10

const figure = (value: number, unit: string): string => {
  if (!Number.isFinite(value)) return 'none'
  const digits = Math.abs(value) >= WHOLE ? 0 : (DIGITS[unit] ?? 2)
  return `${value.toFixed(digits)}${unit === '×' || unit === '' ? '' : ` ${unit}`}`
}

const targetRow = (target: Target): string[] => {
  const { text, value, unit, least, most } = target
  const bound =
    least === undefined ? `at most ${figure(most ?? NaN, unit)}` : `at least ${figure(least, unit)}`
  return [text, figure(value, unit), bound, isMet(target) ? 'met' : '**not met**']
}

export const targetTable = (targets: readonly Target[]): string =>
  markdownTable({ columns: ['target', 'measured', 'bound', ''], rows: targets.map(targetRow) })

const bodyOf = ({ tables, targets, notes, failure }: SectionResult): string[] => [
  ...(failure === undefined
    ? []
    : [`**Failed, without figures:** ${failure.replaceAll(/\s+/g, ' ')}`]),
  ...tables.flatMap(({ title, ...table }) => [`${title}:`, markdownTable(table)]),
  ...(targets.length > 0 ? [targetTable(targets)] : []),
  ...(notes.length > 0 ? [notes.map((note) => `- ${note}`).join('\n')] : []),
]

export const printed = (result: SectionResult): string => bodyOf(result).join('\n\n')

const machineOf = (one: Environment & { generator: string }): string =>
  `${one.processor}, ${one.cores} cores, ${one.memory}, ${one.system}; Node ${one.node}, ` +
  `OpenSSL ${one.openssl}; ${one.generator}; ${one.date}${one.commit && `, commit ${one.commit}`}; ` +
  `load average ${one.load} before`

const versionsOf = ({ versions = {} }: SectionResult): string =>
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')

const sectionText = (
  { title, name, about }: (typeof SECTIONS)[number],
  result: Results[string] | undefined,
): string[] => {
  const command = `Command: \`npm run bench -- --only ${name}\`.`
  if (result === undefined) return [`## ${title}`, about, `${command} Figures: none yet.`]
  const machine = machineOf({ ...result.environment, generator: result.generator })
  const versions = versionsOf(result)
  const conditions = `Measured on: ${machine}.${versions && ` Versions: ${versions}.`}`
  return [`## ${title}`, about, ...bodyOf(result), `${command} ${conditions}`]
}

const summary = (results: Results): string => {
  const targets = SECTIONS.flatMap(({ name }) => results[name]?.targets ?? [])
  const met = targets.filter(isMet).length
  const of = (text: string, has: (result: Results[string] | undefined) => boolean): string[] => {
    const titles = SECTIONS.filter(({ name }) => has(results[name])).map(({ title }) => title)
    return titles.length === 0 ? [] : [`${text}: ${titles.join(', ')}.`]
  }
  return [
    `${met} of ${targets.length} measured targets are met.`,
    ...of('Failed', (result) => result?.failure !== undefined),
    ...of('Not measured', (result) => result === undefined),
  ].join(' ')
}

/** @param template the text of bench/template.md */
export const documentOf = (results: Results, template: string): string => {
  const sections = SECTIONS.flatMap((section) => sectionText(section, results[section.name]))
  return template
    .replace('{{summary}}', () => summary(results))
    .replace('{{sections}}', () => sections.join('\n\n'))
}
