// The pages for people in Chromium: accessibility, width, and what they load, at three widths in light and dark.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startListeningServer } from '../support/listening-server.ts'
import { CHROMIUM, type View, openPage, startBrowser } from './chromium.ts'

const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

type Violation = { id: string; nodes: { html: string }[] }

let browser: Browser
let listening: Awaited<ReturnType<typeof startListeningServer>>

/** Evaluated by the debugger, which the policy of the page does not reach. */
const violationsOf = async (page: Page, part = 'html'): Promise<string[]> => {
  await page.evaluate(AXE)
  const { violations } = await page.evaluate<{ violations: Violation[] }>(
    `axe.run('${part}', { resultTypes: ['violations'] })`,
  )
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}

/** Units beyond the right edge: a person would have to scroll sideways. */
const overflowOf = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - innerWidth')

const VIEWS: readonly View[] = [360, 768, 1280].flatMap((width) => [
  { width, scheme: 'light' },
  { width, scheme: 'dark' },
])

describe.skipIf(CHROMIUM === null)('pages in Chromium', () => {
  beforeAll(async () => {
    listening = await startListeningServer()
    browser = await startBrowser()
  })
  afterAll(() => listening.close())

  const open = async (path: string, view: View) => {
    const { issuer } = listening
    const opened = await openPage(browser, view, issuer)
    await opened.page.goto(issuer + path)
    return opened
  }

  describe.each(['/', '/docs'])('page %s', (path) => {
    it.each(VIEWS)('has no violation at $width pixels in $scheme', async (view) => {
      const { page, faults } = await open(path, view)
      expect(await violationsOf(page)).toEqual([])
      expect(await overflowOf(page)).toBe(0)
      expect(faults).toEqual([])
      await page.close()
    })

    it('fits each width from 320 to 1600 pixels', async () => {
      const { page } = await open(path, { width: 320 })
      const overflows: number[] = []
      for (const width of [320, 360, 640, 767, 1024, 1199, 1600]) {
        await page.setViewportSize({ width, height: 800 })
        overflows.push(await overflowOf(page))
      }
      expect(overflows.filter((units) => units > 0)).toEqual([])
      await page.close()
    })
  })

  it('page /docs leads from the skip link to its content', async () => {
    const { page } = await open('/docs', { width: 768 })
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('To the content')
    await page.keyboard.press('Enter')
    await page.waitForURL(/#content$/)
    await page.close()
  })

  it.each(['light', 'dark'] as const)(
    'form of an operation has no violation in %s',
    async (scheme) => {
      const { page } = await open('/docs', { width: 360, scheme })
      const card = page.locator('#operation-workspaceUpdate')
      await card.getByRole('button', { name: 'Try it' }).click()
      for (const [label, text] of [
        ['Token', 'x'],
        ['id', 'default'],
        ['If-Match', '*'],
      ] as const) {
        await card.getByLabel(label).fill(text)
      }
      await card.locator('.send').click()
      expect(await violationsOf(page, '#operation-workspaceUpdate')).toEqual([])
      await card.locator('.confirm').click()
      await card.locator('.state[data-ok]').waitFor()
      expect(await violationsOf(page, '#operation-workspaceUpdate')).toEqual([])
      expect(await overflowOf(page)).toBe(0)
      await page.close()
    },
  )

  it('page /docs has its title before its contents on a phone', async () => {
    const { page } = await open('/docs', { width: 360 })
    const top = async (selector: string) => (await page.locator(selector).boundingBox())?.y ?? -1
    const tops = [await top('h1'), await top('nav'), await top('#first-calls')]
    expect(tops).toEqual(tops.toSorted((a, b) => a - b))
    await page.close()
  })

  it('page /docs shows a row of codes as a block on a phone, and as a row on a wide screen', async () => {
    const display = async (width: number) => {
      const { page } = await open('/docs#not_found', { width })
      const shown = await page.evaluate(
        "getComputedStyle(document.querySelector('#not_found')).display",
      )
      await page.close()
      return shown
    }
    expect(await display(360)).toBe('block')
    expect(await display(1280)).toBe('table-row')
  })

  it('page /docs without scripts has every operation, and neither a filter nor dead buttons', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(`${listening.issuer}/docs`)
    expect(await page.locator('.operation:visible').count()).toBeGreaterThan(50)
    expect(await page.locator('input:visible, button:visible').count()).toBe(0)
    await context.close()
  })
})
