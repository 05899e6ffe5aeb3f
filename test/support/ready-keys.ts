// Variables of a process whose first start is not about keys: it reads two RSA keys instead of making them.
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PRELOADED = fileURLToPath(new URL('ready-keys.cjs', import.meta.url))

const newPair = () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    publicKey: publicKey.export({ format: 'jwk' }),
    privateKey: privateKey.export({ format: 'jwk' }),
  }
}

/** File of the keys, which a process of another user can read. */
const writeKeys = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-keys-'))
  chmodSync(folder, 0o755)
  const path = join(folder, 'keys.json')
  writeFileSync(path, JSON.stringify([newPair(), newPair()]))
  return path
}

let file: string | undefined

export const readyKeys = (): Record<string, string> => {
  file ??= writeKeys()
  return { READY_KEYS: file, NODE_OPTIONS: `--require=${PRELOADED}` }
}
