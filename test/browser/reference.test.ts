// The script of /docs in Chromium: the filter, and requests with a token that nothing keeps.
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startListeningServer } from '../support/listening-server.ts'
import { CHROMIUM, openPage, startBrowser } from './chromium.ts'

const SOME = { width: 1280 }

let browser: Browser
let listening: Awaited<ReturnType<typeof startListeningServer>>
let page: Page
let faults: string[]
let token: string

const visible = (selector: string): Promise<number> => page.locator(`${selector}:visible`).count()

/** Opens the form of an operation. */
const tryIt = async (operation: string) => {
  const card = page.locator(`#operation-${operation}`)
  await card.getByRole('button', { name: 'Try it' }).click()
  return {
    card,
    fill: (label: string, value: string) => card.getByLabel(label).fill(value),
    send: () => card.locator('.send').click(),
    state: () => card.locator('.state[data-ok]').textContent(),
    body: () => card.locator('.content').textContent(),
  }
}

/** Everywhere that a page could keep a text. */
const keptBy = async (): Promise<string> => {
  const kept = await page.evaluate<string>(
    "JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state, window.name, document.documentElement.outerHTML, [...document.querySelectorAll('input:not([type=password]), textarea')].map((i) => i.value)])",
  )
  const databases = await page.evaluate<unknown[]>('indexedDB.databases()')
  const caches = await page.evaluate<string[]>('caches.keys()')
  expect([databases, caches]).toEqual([[], []])
  return kept
}

describe.skipIf(CHROMIUM === null)('script of /docs', () => {
  beforeAll(async () => {
    listening = await startListeningServer()
    const { server } = listening
    const grants = { latchkey: ['admin:read', 'admin:write'] }
    const administrator = await server.client({ workspaceId: null, grants })
    token = await server.issue(administrator, { audience: 'latchkey' })
    browser = await startBrowser()
  })
  afterAll(() => listening.close())

  beforeEach(async () => {
    const opened = await openPage(browser, SOME, listening.issuer)
    page = opened.page
    faults = opened.faults
    await page.goto(`${listening.issuer}/docs`)
    return async () => {
      expect(faults).toEqual([])
      await page.close()
    }
  })

  describe('filter', () => {
    const filter = async (text: string) => {
      await page.keyboard.press('/')
      await page.keyboard.type(text)
    }

    it('shows the operations whose name, address or field has every word', async () => {
      const all = await visible('.operation')
      await filter('revoke client')
      expect(await visible('#operation-clientRevokeTokens')).toBe(1)
      expect(await visible('#operation-workspaceList')).toBe(0)
      expect(await visible('nav a[href="#operation-workspaceList"]')).toBe(0)
      expect(await visible('.operation')).toBeLessThan(all / 3)
      expect(await page.locator('#matches').textContent()).toMatch(/^\d+ operations, /)
    })

    it('lists the operations that it found on a phone', async () => {
      expect(await visible('.operations a')).toBe(0)
      await page.setViewportSize({ width: 360, height: 800 })
      const all = await visible('.operations a')
      expect(all).toBe(await visible('.operation'))
      await filter('secret')
      const found = await visible('.operations a')
      expect(await page.locator('#matches').textContent()).toMatch(`${found} operations, `)
      expect([found > 0, found < all]).toEqual([true, true])
    })

    it('finds a code', async () => {
      await filter('last_administrator')
      expect(await visible('tr#last_administrator')).toBe(1)
      expect(await visible('tr#not_found')).toBe(0)
    })

    it('is focused by / and cleared by Escape', async () => {
      const all = await visible('.operation')
      await filter('nothing has this name')
      expect(await visible('.operation')).toBe(0)
      expect(await page.locator('#matches').textContent()).toBe('Nothing matches')
      await page.keyboard.press('Escape')
      expect(await visible('.operation')).toBe(all)
      expect(await page.evaluate('document.activeElement === document.body')).toBe(true)
    })

    it('leads to the first match with Enter', async () => {
      await filter('rename workspace')
      await page.keyboard.press('Enter')
      await page.waitForURL(/#operation-workspaceUpdate$/)
    })

    it('ends for a link to what it hides', async () => {
      await filter('workspace_id create client')
      await page.evaluate("location.hash = 'not_found'")
      await page.locator('tr#not_found').waitFor()
      expect(await page.locator('#filter').inputValue()).toBe('')
    })

    it('leaves / to the other inputs', async () => {
      const form = await tryIt('clientList')
      await form.card.getByLabel('cursor').press('/')
      expect(await form.card.getByLabel('cursor').inputValue()).toBe('/')
    })
  })

  describe('try it', () => {
    it('shows status, headers and body of the answer to a real token', async () => {
      const form = await tryIt('workspaceList')
      expect(await form.card.locator('.origin').textContent()).toBe(listening.issuer)
      await form.fill('Token', token)
      await form.send()
      expect(await form.state()).toMatch(/^200 OK in \d+ ms$/)
      expect(JSON.parse((await form.body()) ?? '')).toMatchObject({ items: [{ id: 'default' }] })
      const headers = (await form.card.locator('.headers').textContent()) ?? ''
      expect(headers).toContain('Content-Typeapplication/json')
      expect(headers).toContain('X-Request-Id')
    })

    it('asks before a request that changes something, and sends nothing when refused', async () => {
      const form = await tryIt('workspaceCreate')
      await form.fill('Token', token)
      await form.fill('Body, as JSON', '{"id":"asked"}')
      await form.send()
      const dialog = form.card.getByRole('dialog')
      expect(await dialog.textContent()).toContain('POST /admin/v1/workspaces: Create a workspace?')
      await dialog.getByRole('button', { name: 'Cancel' }).click()
      expect(await listening.server.store.findWorkspace('asked')).toBeNull()
      await form.send()
      await dialog.getByRole('button', { name: 'Send' }).click()
      expect(await form.state()).toMatch(/^201 Created in/)
      expect(await listening.server.store.findWorkspace('asked')).toMatchObject({ id: 'asked' })
    })

    it('sends the ETag that it read in If-Match', async () => {
      const show = await tryIt('workspaceShow')
      await show.fill('Token', token)
      await show.fill('id', 'default')
      await show.send()
      expect(await show.state()).toMatch(/^200/)
      const change = await tryIt('workspaceUpdate')
      expect(await change.card.getByLabel('If-Match').inputValue()).toMatch(/^"/)
      await change.fill('Body, as JSON', '{"name":"Renamed"}')
      await change.send()
      await change.card.locator('.confirm').click()
      expect(await change.state()).toMatch(/^200/)
      expect(await change.body()).toContain('"Renamed"')
    })

    it('shows a refusal and its code', async () => {
      const form = await tryIt('clientShow')
      await form.fill('Token', token)
      await form.fill('client_id', 'a/b?c#d')
      await form.send()
      expect(await form.state()).toMatch(/^404/)
      expect(await form.body()).toContain('"code": "not_found"')
      faults = faults.filter((fault) => !/Failed to load resource.*404/.test(fault))
    })

    it.each(['.', '..'])(
      'sends no request to the address of another operation: id %s',
      async (id) => {
        const form = await tryIt('clientShow')
        await form.fill('Token', token)
        await form.fill('client_id', id)
        await form.send()
        expect(await form.state()).toContain('must not be')
      },
    )

    it('requires a token', async () => {
      const requests: string[] = []
      page.on('request', (request) => requests.push(request.url()))
      const form = await tryIt('workspaceList')
      await form.send()
      expect(await page.evaluate("document.activeElement.matches('.token')")).toBe(true)
      expect(requests).toEqual([])
    })

    it('shows nothing of a token that no header may contain', async () => {
      const form = await tryIt('workspaceList')
      await form.fill('Token', `${token}—${token}`)
      await form.send()
      expect(await form.state()).toContain('The token has a character that no token has.')
      expect(await keptBy()).not.toContain(token)
    })

    it('keeps the token in the password field alone, and forgets it when the page is loaded again', async () => {
      const form = await tryIt('workspaceList')
      await form.fill('Token', ` ${token}\n`)
      await form.send()
      await form.state()
      expect(await keptBy()).not.toContain(token)
      const other = await tryIt('clientList')
      expect(await other.card.getByLabel('Token').inputValue()).toContain(token)
      await page.reload()
      expect(await (await tryIt('workspaceList')).card.getByLabel('Token').inputValue()).toBe('')
      expect(await keptBy()).not.toContain(token)
      expect(JSON.stringify(listening.server.lines)).not.toContain(token)
    })

    it('forgets the token when the page is left and returned to, and on request', async () => {
      const form = await tryIt('workspaceList')
      await form.fill('Token', token)
      await page.evaluate('window.isSame = true')
      await page.goto(listening.issuer)
      await page.goBack({ waitUntil: 'commit' })
      expect(await page.evaluate('window.isSame')).toBe(true)
      const again = await tryIt('workspaceList')
      expect(await again.card.getByLabel('Token').inputValue()).toBe('')
      await again.fill('Token', token)
      await again.card.getByRole('button', { name: 'Forget the token' }).click()
      expect(await again.card.getByLabel('Token').inputValue()).toBe('')
    })

    it.each(['Forget the token', 'Close'])(
      'drops an answer with a secret on %s',
      async (button) => {
        const form = await tryIt('clientCreate')
        await form.fill('Token', token)
        await form.fill('Body, as JSON', '{"name":"Forgotten"}')
        await form.send()
        await form.card.locator('.confirm').click()
        expect(await form.state()).toMatch(/^201/)
        const { client_secret: secret } = JSON.parse((await form.body()) ?? '') as {
          client_secret: string
        }
        expect(await keptBy()).toContain(secret)
        await form.card.getByRole('button', { name: button }).click()
        await tryIt('clientList')
        expect(await keptBy()).not.toContain(secret)
      },
    )

    it('drops an answer that arrives after the token is forgotten', async () => {
      let arrive = (): void => {}
      const held = new Promise<void>((resolve) => (arrive = resolve))
      await page.route('**/admin/v1/workspaces', async (route) => {
        await held
        await route.continue()
      })
      const form = await tryIt('workspaceList')
      await form.fill('Token', token)
      await form.send()
      await form.card.getByRole('button', { name: 'Forget the token' }).click()
      arrive()
      // The button is enabled once the script has read the answer.
      await form.card.locator('.send:enabled').waitFor()
      expect(await form.body()).toBe('')
    })
  })
})
