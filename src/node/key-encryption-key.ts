// Where the key-encryption key comes from: the environment, a file that the operator names, or the
// embedded default in the keys folder.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, parseKek } from '../config.ts'
import { KEK_BYTES } from '../constants.ts'
import { StartRefused } from '../errors.ts'
import { requirePrivateKey } from './file-modes.ts'
import { createSecretFile, ensureSecretDirectory, readIfExists } from './files.ts'

type KekConfig = Pick<Config, 'kek' | 'kekFile' | 'keysDirectory'>

/**
 * @param inUse whether it has encrypted anything yet: one that has not is made where there is none
 * @throws StartRefused where it is missing, is no key, or is open to other users
 */
export const loadKek = (config: KekConfig, inUse: boolean): Uint8Array => {
  if (config.kek !== null) return config.kek
  const path = config.kekFile ?? join(config.keysDirectory, 'kek')
  try {
    if (config.kekFile === null && !inUse && !existsSync(path)) {
      ensureSecretDirectory(config.keysDirectory)
      createSecretFile(path, `${randomBytes(KEK_BYTES).toString('base64url')}\n`)
    }
    requirePrivateKey(path, { mounted: config.kekFile !== null })
    return parse(path, readIfExists(path), inUse)
  } catch (error) {
    if (error instanceof StartRefused) throw error
    throw new StartRefused(`cannot read the key-encryption key ${path}: ${codeOf(error)}`)
  }
}

const parse = (path: string, text: string | null, inUse: boolean): Uint8Array => {
  if (text === null) {
    const lost = '; the signing keys in the database cannot be opened without it'
    throw new StartRefused(`the key-encryption key ${path} is missing${inUse ? lost : ''}`)
  }
  const key = parseKek(text.trim())
  if (key === null) {
    throw new StartRefused(`${path} must hold ${KEK_BYTES} bytes in base64url without padding`)
  }
  return key
}

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? error)
