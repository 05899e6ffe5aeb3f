// Compression and memory of the revocation list's pages on Node.
import { promisify } from 'node:util'
import { constants, gunzip, gzip } from 'node:zlib'
import { REVOCATION_PAGES_MAX_BYTES } from '../constants.ts'
import type { PageHost } from '../revocation/page-host.ts'

const compress = promisify(gzip)
const decompress = promisify(gunzip)

/** Compresses outside the main thread. The fastest level is used: ids are random, and a higher level gains 2 %. */
export const nodePages: PageHost = {
  gzip: async (bytes) =>
    (await compress(bytes, { level: constants.Z_BEST_SPEED })) as Uint8Array<ArrayBuffer>,
  gunzip: async (bytes) => (await decompress(bytes)) as Uint8Array<ArrayBuffer>,
  maxBytes: REVOCATION_PAGES_MAX_BYTES,
  sharesWork: true,
}
