// JSON for people: a list of plain values is on one line. Pure: no I/O.

const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null

export const jsonOf = (value: unknown, indent = ''): string => {
  if (isPlain(value)) return JSON.stringify(value ?? null)
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    if (value.every(isPlain)) return `[${value.map((entry) => jsonOf(entry)).join(', ')}]`
    return lines(
      '[]',
      value.map((entry) => inner + jsonOf(entry, inner)),
      indent,
    )
  }
  const members = Object.entries(value as object).map(
    ([name, member]) => `${inner}${JSON.stringify(name)}: ${jsonOf(member, inner)}`,
  )
  return members.length === 0 ? '{}' : lines('{}', members, indent)
}

const lines = (brackets: '[]' | '{}', entries: readonly string[], indent: string): string =>
  [brackets[0], entries.join(',\n'), indent + brackets[1]].join('\n')
