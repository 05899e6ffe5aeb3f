// What a platform has for pages of the revocation list.

export type Bytes = Uint8Array<ArrayBuffer>

export type Codec = {
  gzip(bytes: Bytes): Promise<Bytes>
  gunzip(bytes: Bytes): Promise<Bytes>
}

export type PageHost = Codec & {
  /** Memory for compressed pages, in bytes. */
  maxBytes: number
  /** Whether a request may wait for what another one has begun. */
  sharesWork: boolean
}
