// A mutation removes one check from the code. Tests of that check must then fail.

export type Mutation = {
  name: string
  /** Attack that the check stops: the beginning of its heading in SECURITY.md. */
  stops: string
  /** Path below the root of the repository. */
  file: string
  /** Text that occurs in the file exactly once, and its replacement. */
  find: string
  replace: string
  /** Test files. At least one test in them must fail. */
  tests: readonly string[]
  /** Part of the titles of the tests to run, where a file has many tests. */
  titles?: string
}

/** Tests of the store's contract on the fastest driver. Every driver runs the same contract. */
export const CONTRACT = 'test/store/better-sqlite3.test.ts'
