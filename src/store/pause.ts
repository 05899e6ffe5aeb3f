/**
 * Lets other requests be answered between two steps of long work: a driver that answers on the main thread would
 * hold the process up.
 */
export const letOthersRun = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))
