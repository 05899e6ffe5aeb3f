// The parts of a platform that pages of the revocation list need.

export type Bytes = Uint8Array<ArrayBuffer>

export type Codec = {
  gzip(bytes: Bytes): Promise<Bytes>
  gunzip(bytes: Bytes): Promise<Bytes>
}

export type PageHost = Codec & {
  /** Memory for compressed pages, in bytes. */
  maxBytes: number
  /** True where a request may wait for work that another request has begun. */
  sharesWork: boolean
}
