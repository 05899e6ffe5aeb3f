// wrangler as an operator runs it, without requests to the network.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Variables that turn off telemetry, the check for updates and the request for the machine's location. */
const offline = (folder: string) => ({
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_LOG_PATH: join(folder, 'logs'),
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  XDG_CONFIG_HOME: join(folder, 'config'),
  CI: 'true',
})

/** @param folder folder for wrangler's own files */
export const wrangler = async (folder: string, ...given: string[]): Promise<string> => {
  const program = join(ROOT, 'node_modules/wrangler/bin/wrangler.js')
  const options = { cwd: ROOT, env: { ...process.env, ...offline(folder) } }
  return (await promisify(execFile)(process.execPath, [program, ...given], options)).stdout
}

/** A text value from wrangler.toml, at the top level or in the section of its database. */
export const setting = (name: string): string => {
  const text = readFileSync(join(ROOT, 'wrangler.toml'), 'utf8')
  const value = new RegExp(`^${name} = "(.*)"$`, 'm').exec(text)?.[1]
  if (value === undefined) throw new Error(`wrangler.toml has no ${name}`)
  return value
}
