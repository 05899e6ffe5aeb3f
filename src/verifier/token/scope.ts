// What stands in a scope (RFC 6749 §3.3). Neither quote nor backslash nor control does: a scope is written into a
// header as it is. Pure.
const TOKEN = '[!#-[\\]-~]+'
const PERMISSION = new RegExp(`^${TOKEN}$`)
const SCOPE = new RegExp(`^${TOKEN}( ${TOKEN})*$`)

/** One value. */
export const isPermission = (value: unknown): value is string =>
  typeof value === 'string' && PERMISSION.test(value)

/** One value, or several with a space between them. */
export const isScope = (value: unknown): value is string =>
  typeof value === 'string' && SCOPE.test(value)
