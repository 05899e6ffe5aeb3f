// Loads the key-encryption key from the environment, a file that the operator names, or the keys folder.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, parseKek } from '../../config.ts'
import { KEK_BYTES } from '../../constants.ts'
import { StartRefused } from '../../errors.ts'
import { requirePrivateKey } from './file-modes.ts'
import {
  createSecretFile,
  ensureSecretDirectory,
  readIfExists,
  requireSecretDirectory,
} from './secret-files.ts'
import { requireSafeFolder, requireSafePath } from './key-path.ts'

type KekConfig = Pick<Config, 'kek' | 'kekFile' | 'keysDirectory'>

/**
 * Loads the key.
 * @param inUse whether the key has encrypted anything. If not, a missing key is made
 * @throws StartRefused if the key is missing, is no key, or is accessible to other users
 */
export const loadKek = (config: KekConfig, inUse: boolean): Uint8Array => {
  if (config.kek !== null) return config.kek
  const path = pathOf(config)
  if (!inUse && isMissing(config)) {
    refusing('make', path, () => {
      ensureSecretDirectory(config.keysDirectory)
      createSecretFile(path, `${randomBytes(KEK_BYTES).toString('base64url')}\n`)
    })
  }
  return refusing('read', path, () => {
    requirePrivateKey(path, { mounted: config.kekFile !== null })
    if (config.kekFile !== null) requireSafePath(path)
    else if (inUse) requireSafeFolder(path) // the folder is repaired during the first start only
    return parse(path, readIfExists(path), inUse)
  })
}

/**
 * Requires, before a first start, an existing key or a folder in which one can be made. Changes nothing.
 * @throws StartRefused like `loadKek`
 */
export const requireKek = (config: KekConfig): void => {
  if (!isMissing(config)) loadKek(config, false)
  else refusing('make', pathOf(config), () => requireSecretDirectory(config.keysDirectory))
}

const pathOf = ({ kekFile, keysDirectory }: KekConfig): string =>
  kekFile ?? join(keysDirectory, 'kek')

/** Tells whether the key has to be made in the keys folder. */
const isMissing = (config: KekConfig): boolean =>
  config.kek === null && config.kekFile === null && !existsSync(pathOf(config))

const refusing = <T>(verb: 'make' | 'read', path: string, step: () => T): T => {
  try {
    return step()
  } catch (error) {
    if (error instanceof StartRefused) throw error
    throw new StartRefused(`cannot ${verb} the key-encryption key ${path}: ${codeOf(error)}`)
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
