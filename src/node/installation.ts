// Faults of the installation: a package or a binary that cannot be loaded. Each is reported in one line.

/** Node.js's codes for a module or a binary that cannot be loaded. */
const NOT_LOADED =
  /^(ERR_)?(MODULE_NOT_FOUND|DLOPEN_FAILED|PACKAGE_PATH_NOT_EXPORTED|INVALID_PACKAGE_(CONFIG|TARGET)|PACKAGE_IMPORT_NOT_DEFINED)$/

const MISSING = /^Cannot find (?:package|module) '([^']{1,999})'/

/** Returns the line for the operator, or null for every other error. */
export const installationFault = (error: unknown): string | null => {
  if (!(error instanceof Error)) return null
  const code = String((error as NodeJS.ErrnoException).code)
  const isOtherVersion = error instanceof SyntaxError && error.message.includes('export named')
  if (!NOT_LOADED.test(code) && !isOtherVersion) return null
  const missing = MISSING.exec(error.message)?.[1]
  const what = missing === undefined ? 'a module cannot be loaded' : `${missing} is missing`
  const reason = isOtherVersion ? 'another version of it is there' : code
  return `the installation is broken: ${what} (${reason}); run: npm install && npm rebuild better-sqlite3`
}
