// The bytes of one answer, from the network to the signature check. Types only.

/**
 * Bytes that no other thread can change. TypeScript before 5.7 has no type
 * `Uint8Array<ArrayBuffer>`.
 */
export type Bytes = Uint8Array & { readonly buffer: ArrayBuffer }
