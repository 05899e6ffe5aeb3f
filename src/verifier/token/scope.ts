// The syntax of a scope (RFC 6749 §3.3). It excludes quotes, backslashes and control characters, so
// that a scope is safe in a header as it is. Pure.
const TOKEN = '[!#-[\\]-~]+'
const SCOPE_TOKEN = new RegExp(`^${TOKEN}$`)
const SCOPE = new RegExp(`^${TOKEN}( ${TOKEN})*$`)

/** True for one scope token, such as a permission. */
export const isScopeToken = (value: unknown): value is string =>
  typeof value === 'string' && SCOPE_TOKEN.test(value)

/** True for scope tokens with one space between them. */
export const isScope = (value: unknown): value is string =>
  typeof value === 'string' && SCOPE.test(value)
