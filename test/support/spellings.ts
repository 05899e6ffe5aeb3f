// Other spellings of a parameter, as client libraries, proxies and developers write them.

const camel = (name: string): string =>
  name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
const pascal = (name: string): string => camel(name).replace(/^./, (first) => first.toUpperCase())
const title = (name: string): string =>
  name.replace(/(^|_)(.)/g, (_, before: string, letter: string) => before + letter.toUpperCase())
const singular = (name: string): string => name.replace(/s$/, '')
const plural = (name: string): string => `${singular(name)}s`
const fullwidth = (name: string): string =>
  name.replace(/[a-z]/g, (letter) => String.fromCodePoint(letter.charCodeAt(0) + 0xfee0))

/** Lists respelled names, as decoded from a form. `name` itself is not among them. */
export const spellingsOf = (name: string): string[] => {
  const bases = new Set([
    name,
    singular(name),
    plural(name),
    camel(name),
    title(name),
    pascal(name),
  ])
  const arrays = [...bases].flatMap((base) =>
    [
      '[]',
      '[0]',
      '[1]',
      '[12]',
      '.0',
      '.1',
      '[value]',
      '%5B%5D',
      '[0][]',
      '[',
      '{}',
      '()',
      '[][]',
      '[a]',
      '[0][value]',
      ':0',
      ':',
      '/0',
      '/',
      '|0',
      '%20',
      '_',
      '_list',
      'List',
    ].map((suffix) => base + suffix),
  )
  const indexed = [`${name}0`, `${name}_1`, `${name}-2`, `params[${name}]`, `oauth.${name}`]
  const marked = [`$${name}`, `@${name}`, `"${name}"`, `'${name}'`, `/${name}`, `/${name}/0`]
  const cases = [...bases].flatMap((base) => [base, base.toUpperCase(), base.toLowerCase()])
  const separators = ['-', ' ', '', '__', '.'].map((text) => name.replaceAll('_', text))
  const spaces = [
    ` ${name}`,
    `${name} `,
    `${name}\t`,
    `${name}\u00a0`,
    `${name}\u200b`,
    `\ufeff${name}`,
  ]
  const all = [
    ...arrays,
    ...indexed,
    ...marked,
    ...cases,
    ...separators,
    ...spaces,
    fullwidth(name),
    name.replaceAll('i', '\u0131'),
    name.toUpperCase().replaceAll('I', '\u0130'),
    name.replace(/[aeo]/, '$&\u0301'),
    name.replace(/[aeo]/, (vowel) => `${vowel}\u0301`.normalize('NFC')),
  ]
  return [...new Set(all)].filter((spelling) => spelling !== name)
}

/** Names that are no parameter of any endpoint, some of them similar to a parameter. */
export const UNKNOWN = [
  'colour',
  'x-scope',
  'my_scope',
  'scoped',
  'unscoped',
  'scope_hint',
  'scop',
  's',
  'list',
  '',
  'audit',
  'audio',
  'array',
  'resource_server',
  'resourceful',
  'plug',
  'plugin_version',
  'details',
  'tok',
  'id_token',
  'access_token',
  'tokenizer',
  'state',
  'nonce',
  'client',
  'client_version',
  '__proto__',
  'constructor',
  'toString',
  '[]',
  '.',
  '0',
  '[0]',
  '\u200b',
  'é',
  'a'.repeat(5_000),
]
