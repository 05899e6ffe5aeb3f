// Completion script for fish. Pure: no I/O.
import { type Flag, type Node, commandPatterns, keyOf } from './tree.ts'

export const fishScript = (nodes: readonly Node[]): string => `# fish completion for latchkey
function __latchkey_at
    set -l at ''
    set -l tokens (commandline -opc)
    set -e tokens[1]
    for token in $tokens
        switch "$at $token"
            case ${commandPatterns(nodes, ' ')}
                set at "$at $token"
        end
    end
    test "$at" = "$argv[1]"
end
complete -c latchkey -f
${nodes.flatMap(lines).join('\n')}
`

/** Quotes a text for fish, in which a backslash escapes within single quotes, too. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

const lines = ({ words, choices, flags, takesFile }: Node): string[] => {
  const start = `complete -c latchkey -n ${quoted(`__latchkey_at "${keyOf(words)}"`)}`
  return [
    ...choices.map(
      ({ name, description }) => `${start} -a ${quoted(name)} -d ${quoted(description)}`,
    ),
    ...flags.map((flag) => `${start} ${flagOf(flag)}`),
    ...(takesFile ? [`${start} -F`] : []),
  ]
}

const VALUES: Record<Flag['value'], string> = {
  none: '',
  file: ' -r -F',
  text: ' -x',
  choice: ' -x',
}

const flagOf = ({ long, short, description, value, values }: Flag): string => {
  const shortName = short === null ? '' : ` -s ${short.slice(1)}`
  const offered = values.length === 0 ? '' : ` -a ${quoted(values.join(' '))}`
  return `-l ${long.slice(2)}${shortName}${VALUES[value]}${offered} -d ${quoted(description)}`
}
