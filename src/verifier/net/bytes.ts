// The bytes of one answer on their way to the signature. No I/O.

/** Bytes that no other thread can change. Compilers before TypeScript 5.7 know no `Uint8Array<ArrayBuffer>`. */
export type Bytes = Uint8Array & { readonly buffer: ArrayBuffer }
