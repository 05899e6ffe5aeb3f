/**
 * The text of a response (UTF-8), read no further than it may be long.
 * @throws Error where it is longer, or is not UTF-8
 */
export const readBounded = async (response: Response, maxBytes: number): Promise<string> => {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const reader = response.body?.getReader()
  let [text, length] = ['', 0]
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (done) return text + decoder.decode()
    length += value.byteLength
    if (length > maxBytes) {
      void reader?.cancel().catch(() => {})
      throw new Error('the answer is too long')
    }
    text += decoder.decode(value, { stream: true })
  }
}
