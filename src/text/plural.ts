// Numbers with their noun. Pure: no I/O.

/** `1 rule`, `2 rules`: for nouns whose plural ends with s. */
export const plural = (count: number, noun: string): string =>
  count === 1 ? `1 ${noun}` : `${count} ${noun}s`
