import { ANSWER } from './answer.ts'

/**
 * Script of "Try it", as text: it runs in a browser. The token is in the password field alone. It reaches no storage, no
 * address and no log, and the page forgets it when it is left or loaded again.
 */
const FORM = String.raw`
  const REQUEST_MS = 60_000

  const template = /** @type {HTMLTemplateElement} */ (document.querySelector('#try-it'))
  const root = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true))
  const part = /**
   * @template {Element} T
   * @param {string} selector
   * @param {new () => T} type
   * @returns {T}
   */ (selector, type) => {
    const element = root.querySelector(selector)
    if (!(element instanceof type)) throw new Error('the page has no ' + selector)
    return element
  }

  const form = part('form', HTMLFormElement)
  const token = part('.token', HTMLInputElement)
  const fields = part('.inputs', HTMLElement)
  const send = part('.send', HTMLButtonElement)
  const confirm = part('.confirm', HTMLButtonElement)
  const answer = part('.answer', HTMLElement)
  const state = part('.state', HTMLElement)
  const headers = part('.headers', HTMLElement)
  const content = part('.content', HTMLElement)
  const dialog = part('dialog', HTMLDialogElement)
  const question = part('.question', HTMLElement)
  part('.origin', HTMLElement).textContent = location.origin

  /** Values of earlier forms, by the name of the parameter. @type {Map<string, string>} */
  const values = new Map()
  /** ETags of earlier answers, by path. @type {Map<string, string>} */
  const etags = new Map()
  /** Card with the open form. @type {HTMLElement | null} */
  let operation = null
  /** Number of the answer that the form shows, or waits for. */
  let shown = 0

  const inputs = () =>
    /** @type {(HTMLInputElement | HTMLTextAreaElement)[]} */ ([...fields.querySelectorAll('[name]')])
  const valueOf = /** @param {string} place */ (place) =>
    inputs().filter(({ dataset, value }) => dataset['in'] === place && value !== '')

  const addField = /**
   * @param {HTMLInputElement | HTMLTextAreaElement} input
   * @param {{ name: string, place: string, needed: boolean }} field
   */ (input, { name, place, needed }) => {
    const label = document.createElement('label')
    label.textContent = name + (needed ? '' : ' (optional)')
    input.name = name
    input.dataset['in'] = place
    input.required = needed
    input.spellcheck = false
    input.setAttribute('autocomplete', 'off')
    label.append(input)
    fields.append(label)
  }

  const fill = /** @param {HTMLElement} article */ (article) => {
    fields.replaceChildren()
    for (const row of article.querySelectorAll('[data-in]')) {
      const { in: place = '', name = '', needed } = /** @type {HTMLElement} */ (row).dataset
      const input = document.createElement('input')
      addField(input, { name, place, needed: needed !== undefined })
      if (place === 'path') input.value = values.get(name) ?? ''
    }
    const example = article.querySelector('.body')?.textContent
    if (example == null) return
    const text = document.createElement('textarea')
    addField(text, { name: 'Body, as JSON', place: 'body', needed: true })
    text.value = example.replaceAll("'\\''", "'")
    text.rows = Math.min(text.value.split('\n').length, 16)
  }

  /** Address of the request. An id such as ".." would make it the address of another operation. */
  const addressOf = () => {
    let path = operation?.dataset['path'] ?? ''
    for (const { name, value } of valueOf('path')) {
      path = path.replace('{' + name + '}', encodeURIComponent(value))
    }
    const url = new URL(path, location.origin)
    if (url.pathname !== path) throw new Error('An id in the path must not be "." or "..".')
    for (const { name, value } of valueOf('query')) url.searchParams.append(name, value)
    return url
  }

  /** The message of a browser that refuses a header may contain its value, so the page refuses it first. */
  const bearer = () => {
    const text = token.value.trim()
    if (!/^[\x21-\x7e]+$/.test(text)) throw new Error('The token has a character that no token has.')
    return 'Bearer ' + text
  }

  const requestOf = () => {
    const sent = new Headers({ Authorization: bearer() })
    for (const { name, value } of valueOf('header')) sent.set(name, quoted(value.trim()))
    const body = valueOf('body')[0]?.value
    if (body !== undefined) sent.set('Content-Type', 'application/json')
    return {
      method: (operation?.dataset['method'] ?? 'get').toUpperCase(),
      headers: sent,
      ...(body !== undefined && { body }),
      cache: /** @type {const} */ ('no-store'),
      credentials: /** @type {const} */ ('omit'),
      redirect: /** @type {const} */ ('error'),
      referrerPolicy: /** @type {const} */ ('no-referrer'),
    }
  }

  const isConfirmed = /** @param {string} text */ async (text) => {
    question.textContent = text
    dialog.returnValue = ''
    dialog.showModal()
    await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }))
    return dialog.returnValue === 'confirmed'
  }

  confirm.addEventListener('click', () => dialog.close('confirmed'))
  part('.cancel', HTMLButtonElement).addEventListener('click', () => dialog.close())

  /** An answer may have a secret. One that arrives later is dropped. */
  const forgetAnswer = () => {
    shown += 1
    answer.hidden = true
    delete state.dataset['ok']
    state.textContent = ''
    headers.replaceChildren()
    content.textContent = ''
  }

  const request = async () => {
    const url = addressOf()
    const init = requestOf()
    const name = operation?.querySelector('h3')?.textContent ?? ''
    const text = init.method + ' ' + url.pathname + url.search
    if (init.method !== 'GET' && !(await isConfirmed(text + ': ' + name + '?'))) return
    forgetAnswer()
    const own = shown
    answer.hidden = false
    state.textContent = 'Waiting for the answer …'
    const start = performance.now()
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_MS) })
    const body = await readText(response)
    if (own !== shown) return
    const took = Math.round(performance.now() - start)
    state.textContent = response.status + ' ' + response.statusText + ' in ' + took + ' ms'
    state.dataset['ok'] = String(response.ok)
    headers.replaceChildren(...headerRows(response.headers))
    content.textContent = pretty(body)
    const etag = response.headers.get('ETag')
    if (etag !== null) etags.set(url.pathname, etag)
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (send.disabled) return
    send.disabled = true
    try {
      await request()
    } catch (error) {
      answer.hidden = false
      state.dataset['ok'] = 'false'
      state.textContent = 'No answer: ' + (error instanceof Error ? error.message : 'unknown cause')
    } finally {
      send.disabled = false
    }
  })

  /** Writes the ETag that was read at this path into If-Match, unless the person has written one. */
  const fillEtag = () => {
    const [match] = inputs().filter(({ name }) => name === 'If-Match')
    if (match === undefined || match.dataset['written'] !== undefined) return
    const path = inputs()
      .filter(({ dataset }) => dataset['in'] === 'path')
      .reduce(
        (known, { name, value }) => known.replace('{' + name + '}', encodeURIComponent(value)),
        operation?.dataset['path'] ?? '',
      )
    match.value = etags.get(path) ?? ''
  }
  fields.addEventListener('input', ({ target }) => {
    const { name, value, dataset } = /** @type {HTMLInputElement} */ (target)
    if (dataset['in'] === 'path') values.set(name, value)
    if (name === 'If-Match') dataset['written'] = ''
    fillEtag()
  })

  const close = () => {
    root.remove()
    forgetAnswer()
    operation?.querySelector('.try')?.setAttribute('aria-expanded', 'false')
    operation = null
  }
  part('.close', HTMLButtonElement).addEventListener('click', () => {
    const button = /** @type {HTMLElement | undefined} */ (operation?.querySelector('.try'))
    close()
    button?.focus()
  })
  part('.forget', HTMLButtonElement).addEventListener('click', () => {
    token.value = ''
    forgetAnswer()
    token.focus()
  })

  const open = /** @param {HTMLElement} article */ (article) => {
    const isOpen = operation === article
    close()
    if (isOpen) return
    operation = article
    fill(article)
    fillEtag()
    article.querySelector('.try')?.setAttribute('aria-expanded', 'true')
    article.querySelector('figure')?.after(root)
    const first = [token, ...inputs()].find(({ value }) => value === '')
    ;(first ?? send).focus()
  }
  for (const article of /** @type {NodeListOf<HTMLElement>} */ (
    document.querySelectorAll('.operation')
  )) {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'try'
    button.textContent = 'Try it'
    button.setAttribute('aria-label', 'Try it: ' + article.querySelector('h3')?.textContent)
    button.setAttribute('aria-expanded', 'false')
    button.addEventListener('click', () => open(article))
    article.querySelector('figcaption')?.append(button)
  }
  // A page that the browser keeps for "back" would keep the token and the answer, too.
  addEventListener('pagehide', () => {
    token.value = ''
    close()
  })
`

export const TRY_IT = `\n{${ANSWER}${FORM}}\n`
