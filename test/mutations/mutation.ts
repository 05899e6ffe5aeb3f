// A check of the code, taken out: tests that do not notice that are no tests of it.

export type Mutation = {
  name: string
  /** Attack that the check stops: the beginning of its heading in SECURITY.md. */
  stops: string
  /** Below the root of the repository. */
  file: string
  /** Text that is in the file exactly once, and what takes its place. */
  find: string
  replace: string
  /** Test files of which one at least must fail. */
  tests: readonly string[]
  /** Part of the titles of the tests to run, where the file has many. */
  titles?: string
}

/** Of a contract that every driver has, the tests on the driver that is quickest. */
export const CONTRACT = 'test/store/better-sqlite3.test.ts'
