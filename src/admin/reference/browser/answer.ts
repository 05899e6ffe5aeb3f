/** Script that reads an answer and makes it readable, as text: a part of the block of "Try it". */
export const ANSWER = String.raw`
  /** Most of an answer that the page shows, in UTF-16 units: an export may be long. */
  const MAX_SHOWN = 200_000
  const SHOWN_HEADERS = [
    'Content-Type', 'ETag', 'Location', 'Retry-After', 'WWW-Authenticate', 'Allow', 'X-Request-Id',
  ]

  const quoted = /** @param {string} etag */ (etag) =>
    etag === '*' || /^(W\/)?"/.test(etag) ? etag : '"' + etag + '"'

  const readText = /** @param {Response} response */ async (response) => {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (reader && text.length < MAX_SHOWN) {
      const { done, value } = await reader.read()
      if (done) return text
      text += value
    }
    await reader?.cancel()
    return text.slice(0, MAX_SHOWN) + '\n… (the rest is not shown)'
  }

  const pretty = /** @param {string} text */ (text) => {
    try {
      return JSON.stringify(JSON.parse(text), null, 2)
    } catch {
      return text
    }
  }

  const headerRows = /** @param {Headers} all */ (all) =>
    SHOWN_HEADERS.filter((name) => all.has(name)).map((name) => {
      const row = document.createElement('div')
      const term = document.createElement('dt')
      const value = document.createElement('dd')
      term.textContent = name
      value.textContent = all.get(name)
      row.append(term, value)
      return row
    })
`
