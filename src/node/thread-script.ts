// Scripts of threads, which are files of their own.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { StartRefused } from '../errors.ts'

/** Built `thread.js` beside a module; its source if the server itself runs from source (`npm run dev`). */
export const threadScript = (moduleUrl: string): URL =>
  new URL(`./thread.${moduleUrl.endsWith('.ts') ? 'ts' : 'js'}`, moduleUrl)

/** @throws StartRefused if a built server lacks the file */
export const requireThreadScript = (script: URL): void => {
  const path = fileURLToPath(script)
  if (path.endsWith('.ts') || existsSync(path)) return
  throw new StartRefused(`the installation is broken: ${path} is missing; install Latchkey anew`)
}
