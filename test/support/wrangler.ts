// wrangler as an operator runs it, kept from talking to anyone.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** No telemetry, no look for updates, no question where on earth this is. */
const offline = (folder: string) => ({
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_LOG_PATH: join(folder, 'logs'),
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  XDG_CONFIG_HOME: join(folder, 'config'),
  CI: 'true',
})

/** @param folder where it may leave its own files */
export const wrangler = async (folder: string, ...given: string[]): Promise<string> => {
  const program = join(ROOT, 'node_modules/wrangler/bin/wrangler.js')
  const options = { cwd: ROOT, env: { ...process.env, ...offline(folder) } }
  return (await promisify(execFile)(process.execPath, [program, ...given], options)).stdout
}

/** A text value of the top level of wrangler.toml, or of its database. */
export const setting = (name: string): string => {
  const text = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8')
  const value = new RegExp(`^${name} = "(.*)"$`, 'm').exec(text)?.[1]
  if (value === undefined) throw new Error(`wrangler.toml has no ${name}`)
  return value
}
