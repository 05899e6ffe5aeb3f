// Work to do when the tests of a file have ended. `afterAll` at the top of a shared module would run for the first
// file of a worker alone, because files of a worker share their modules.

type Cleanup = () => unknown

const cleanups: Cleanup[] = []

/** The last one is called first. */
export const atEndOfFile = (cleanup: Cleanup): void => void cleanups.unshift(cleanup)

export const cleanUp = async (): Promise<void> => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
}
