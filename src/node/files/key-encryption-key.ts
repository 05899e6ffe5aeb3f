// Where the key-encryption key comes from: the environment, a file that the operator names, or the
// embedded default in the keys folder.
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
} from './files.ts'
import { requireKeptFolder, requireKeptPath } from './key-folders.ts'

type KekConfig = Pick<Config, 'kek' | 'kekFile' | 'keysDirectory'>

/**
 * @param inUse whether it has encrypted anything yet: one that has not is made where there is none
 * @throws StartRefused where it is missing, is no key, or is open to other users
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
    if (config.kekFile !== null) requireKeptPath(path)
    else if (inUse) requireKeptFolder(path) // before a first start it has not been repaired yet
    return parse(path, readIfExists(path), inUse)
  })
}

/**
 * Requires a key that is there, or a place where one can be made, before a first start. Changes nothing.
 * @throws StartRefused as `loadKek` would
 */
export const requireKek = (config: KekConfig): void => {
  if (!isMissing(config)) loadKek(config, false)
  else refusing('make', pathOf(config), () => requireSecretDirectory(config.keysDirectory))
}

const pathOf = ({ kekFile, keysDirectory }: KekConfig): string =>
  kekFile ?? join(keysDirectory, 'kek')

/** True where it is to be made in the keys folder: it is given nowhere else. */
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
