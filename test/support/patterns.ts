// Finds the regular expressions in a source text. The parser recognises only strings, templates and comments.

/** Text after which a value may begin: a slash there begins a literal, and elsewhere it divides. */
const BEFORE_A_VALUE = /(?:[(,=:[!&|?{};>+]|\breturn|^)\s*$/

/** Comments and strings, in which no literal can begin. `${` suspends a template while its braces are open. */
const SKIPPED = /\/\/.*|\/\*[^]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/y

const LITERAL = /\/(?![*/])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[dgimsuvy]*/y

const matchAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

export const literalsOf = (text: string): string[] => {
  const literals: string[] = []
  let at = 0
  while (at < text.length) {
    const skipped = matchAt(SKIPPED, text, at)
    const mayBegin = BEFORE_A_VALUE.test(text.slice(Math.max(0, at - 20), at))
    const literal = skipped === undefined && mayBegin ? matchAt(LITERAL, text, at) : undefined
    if (literal !== undefined && compiles(literal)) literals.push(literal)
    at += (skipped ?? literal ?? 'x').length
  }
  return literals
}

const compiles = (literal: string): boolean => {
  const end = literal.lastIndexOf('/')
  try {
    return new RegExp(literal.slice(1, end), literal.slice(end + 1)) instanceof RegExp
  } catch {
    return false
  }
}
