/**
 * Script of the filter box and of the contents, as text: it runs in a browser. `/` focuses the box, Escape clears it, and
 * Enter follows the first match.
 */
export const FILTER = String.raw`
{
  const box = /** @type {HTMLInputElement} */ (document.querySelector('#filter'))
  const search = /** @type {HTMLElement} */ (document.querySelector('.filter'))
  const status = /** @type {HTMLElement} */ (document.querySelector('#matches'))
  const all = /** @param {string} selector */ (selector) =>
    /** @type {HTMLElement[]} */ ([...document.querySelectorAll(selector)])

  const rows = all('.operation, .schema, table.codes tbody tr').map((row) => ({
    row,
    text: (row.matches('tr') ? [row] : [...row.querySelectorAll('h3, .address, dt > code, .id')])
      .map(({ textContent }) => textContent)
      .join(' ')
      .toLowerCase(),
  }))
  const groups = all('main section')
  const links = new Map(all('nav.contents a').map((link) => [link.getAttribute('href'), link]))
  const listed = [...links.values(), ...all('.operations a')]

  const filter = () => {
    const words = box.value.toLowerCase().split(' ').filter(Boolean)
    const isFound = /** @param {string} text */ (text) => words.every((word) => text.includes(word))
    for (const { row, text } of rows) row.hidden = !isFound(text)
    for (const group of groups) {
      const own = rows.filter(({ row }) => group.contains(row))
      group.hidden = words.length > 0 && own.every(({ row }) => row.hidden)
    }
    for (const link of listed) {
      const target = document.querySelector(link.getAttribute('href') ?? '')
      const item = /** @type {HTMLElement} */ (link.closest('li'))
      item.hidden = target?.closest('[hidden]') != null
    }
    const found = rows.filter(({ row }) => !row.hidden)
    const operations = found.filter(({ row }) => row.matches('.operation')).length
    const others = found.length - operations
    const counts = operations + ' operations, ' + others + ' schemas and codes'
    status.textContent = words.length === 0 ? '' : found.length === 0 ? 'Nothing matches' : counts
    return found
  }

  const clear = () => {
    box.value = ''
    filter()
  }

  const isTyping = /** @param {EventTarget | null} target */ (target) =>
    target instanceof HTMLElement && target.closest('input, textarea, select, dialog') !== null

  box.addEventListener('input', filter)
  box.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') {
      clear()
      box.blur()
    }
    const first = key === 'Enter' ? filter()[0]?.row : undefined
    if (first?.id) location.hash = first.id
  })
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return
    if (isTyping(event.target)) return
    event.preventDefault()
    box.focus()
    box.select()
  })

  // Shows a target that the filter hides.
  const follow = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)))
    if (target === null || target.closest('[hidden]') === null) return
    clear()
    target.scrollIntoView()
  }
  addEventListener('hashchange', follow)

  const wide = matchMedia('(min-width: 64rem)')
  const mark = /** @param {string} id */ (id) => {
    for (const link of links.values()) link.removeAttribute('aria-current')
    const link = links.get('#' + id)
    link?.setAttribute('aria-current', 'true')
    if (wide.matches) link?.scrollIntoView({ block: 'nearest' })
  }
  const observer = new IntersectionObserver(
    (entries) => {
      const entered = entries.find(({ isIntersecting }) => isIntersecting)
      if (entered) mark(entered.target.id)
    },
    { rootMargin: '-10% 0px -75%' },
  )
  for (const operation of all('.operation')) observer.observe(operation)
  search.hidden = false
}
`
