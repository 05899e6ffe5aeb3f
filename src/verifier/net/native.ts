// Modules of Node that answer at once. Web Crypto answers on another thread and by a promise: twice the time of an RSA
// signature, ten times that of a short hash.
import { endsWithRequest, isNode } from './platform.ts'

/** The slices of `node:crypto` and `node:buffer` that the verifier uses. Written out: programs may lack Node's types. */
type NativeModules = {
  crypto: {
    createPublicKey(input: { key: object; format: 'jwk' }): NativeKey
    verify(hash: 'sha256', data: Uint8Array, key: NativeKey, signature: Uint8Array): boolean
    hash(name: 'sha256', text: string, encoding: 'base64url'): string
  }
  buffer: { Buffer: { from(text: string, encoding: 'base64url' | 'latin1'): NativeBytes } }
}

/** A key object of Node. */
type NativeKey = { readonly asymmetricKeyType?: string }

type NativeBytes = Uint8Array & {
  readonly buffer: ArrayBuffer
  toString(encoding: 'base64url'): string
}

type GetModule = <Name extends keyof NativeModules>(name: Name) => NativeModules[Name] | undefined

const load = (): NativeModules | null => {
  if (!isNode() || endsWithRequest()) return null
  const { process } = globalThis as { process?: { getBuiltinModule?: GetModule } }
  const crypto = process?.getBuiltinModule?.('crypto')
  const buffer = process?.getBuiltinModule?.('buffer')
  return crypto?.hash === undefined || buffer === undefined ? null : { crypto, buffer }
}

/** Null on other runtimes, and on Node before 20.16 and 22.3: Web Crypto serves there. */
export const native = load()
