// Cleanups that run when the tests of a file have ended. `afterAll` at the top of a shared module would run for the
// first file of a worker only, because the files of a worker share their modules.

type Cleanup = () => unknown

const cleanups: Cleanup[] = []

/** Registers a cleanup. The last one registered runs first. */
export const atEndOfFile = (cleanup: Cleanup): void => void cleanups.unshift(cleanup)

export const cleanUp = async (): Promise<void> => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
}
