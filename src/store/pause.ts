// A pause between two steps of long work.

/** Lets the process serve other requests. A driver that answers on the main thread would block them until the end. */
export const letOthersRun = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))
