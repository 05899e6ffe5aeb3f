// Completion script for bash. Pure: no I/O.
import {
  type Node,
  choicePatterns,
  commandPatterns,
  keyOf,
  namesOf,
  quoted,
  valuePatterns,
} from './tree.ts'

/** Works with bash 3.2, that of macOS, too: no associative array, no `mapfile`. */
export const bashScript = (nodes: readonly Node[]): string => `# bash completion for latchkey
_latchkey() {
  local at='' words='' files='' current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${commandPatterns(nodes, '|')}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at|$before" in
    ${valuePatterns(nodes, 'file') ?? "''"}) files=1 ;;
    ${valuePatterns(nodes, 'text') ?? "''"}) return ;;
${choicePatterns(nodes).map(choice).join('\n')}
    *)
      case "$at" in
${nodes.map(arm).join('\n')}
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ -n $files && $current != -* ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r i; do COMPREPLY+=("$i"); done < <(compgen -f -- "$current")
  fi
}
complete -F _latchkey latchkey
`

const choice = ({ values, patterns }: { values: readonly string[]; patterns: string }): string =>
  `    ${patterns}) words=${quoted(values.join(' '))} ;;`

const arm = ({ words, choices, flags, takesFile }: Node): string => {
  const offered = [...choices.map(({ name }) => name), ...flags.flatMap(namesOf)].join(' ')
  const files = takesFile ? ' files=1' : ''
  return `        ${quoted(keyOf(words))}) words=${quoted(offered)}${files} ;;`
}
