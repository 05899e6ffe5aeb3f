// Chromium of the system, and a page of it that notes what a page of ours must not do.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, type Page, chromium } from 'playwright-core'
import { atEndOfFile } from '../support/cleanups.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const findChromium = (): string | null => {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const paths = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  return paths.find(isProgram) ?? null
}

/** Path of the browser; null: the tests are skipped. */
export const CHROMIUM = findChromium()
if (CHROMIUM === null) process.stderr.write('no chromium on the PATH: its tests are skipped\n')

/** Chromium's own sandbox refuses to run as root. No host but this machine has an address. */
const ARGS = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
]

export const startBrowser = async (): Promise<Browser> => {
  const browser = await chromium.launch({
    executablePath: CHROMIUM ?? '',
    args: ARGS,
    // Pages return with their memory, as they do for a person who goes back.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
  atEndOfFile(() => browser.close())
  return browser
}

export type View = { width: number; height?: number; scheme?: 'light' | 'dark' }

/** Page with a list of what it did wrong: messages on its console, errors, and requests to another host. */
export const openPage = async (
  browser: Browser,
  { width, height = 800, scheme = 'light' }: View,
  origin: string,
): Promise<{ page: Page; faults: string[] }> => {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme })
  const faults: string[] = []
  page.on('console', (message) => faults.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`))
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) faults.push(`request: ${request.url()}`)
  })
  await page.addInitScript(
    "document.addEventListener('securitypolicyviolation', (e) => console.error('policy', e.violatedDirective))",
  )
  return { page, faults }
}
