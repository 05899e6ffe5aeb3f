// Completion script for zsh. Pure: no I/O.
import {
  type Node,
  choicePatterns,
  commandPatterns,
  keyOf,
  namesOf,
  quoted,
  valuePatterns,
} from './tree.ts'

/** Works when it is sourced behind `compinit`, and as the file `_latchkey` of a folder in `fpath`. */
export const zshScript = (nodes: readonly Node[]): string => `#compdef latchkey
_latchkey() {
  local at='' files='' i
  local -a choices flags
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
      (${commandPatterns(nodes, '|')}) at="$at \${words[i]}" ;;
    esac
  done
  case "$at|\${words[CURRENT-1]}" in
    (${valuePatterns(nodes, 'file') ?? "''"}) _files; return ;;
    (${valuePatterns(nodes, 'text') ?? "''"}) return ;;
${choicePatterns(nodes).map(choice).join('\n')}
  esac
  case "$at" in
${nodes.map(arm).join('\n')}
  esac
  (( \${#choices} )) && _describe command choices
  [[ -n $files ]] && _files
  _describe -o flag flags
}
if [[ \${funcstack[1]} == _latchkey ]]; then _latchkey "$@"; else compdef _latchkey latchkey; fi
`

/** An entry of `_describe`: the word and its description, with a colon between them. */
const entry = (name: string, description: string): string =>
  quoted(description === '' ? name : `${name.replaceAll(':', '\\:')}:${description}`)

const choice = ({ values, patterns }: { values: readonly string[]; patterns: string }): string =>
  `    (${patterns}) compadd -- ${values.map(quoted).join(' ')}; return ;;`

const arm = ({ words, choices, flags, takesFile }: Node): string => {
  const named = choices.map(({ name, description }) => entry(name, description))
  const options = flags.flatMap((flag) =>
    namesOf(flag).map((name) => entry(name, flag.description)),
  )
  const files = takesFile ? ' files=1' : ''
  return `    (${quoted(keyOf(words))}) choices=(${named.join(' ')}) flags=(${options.join(' ')})${files} ;;`
}
