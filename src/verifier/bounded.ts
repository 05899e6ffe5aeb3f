/** An answer is longer than it may be. */
export class TooLong extends Error {
  override readonly name = 'TooLong'
}

/** An answer is not UTF-8. */
export class NotText extends Error {
  override readonly name = 'NotText'
}

/**
 * The text of a response (UTF-8), read no further than it may be long.
 * @throws TooLong, NotText
 */
export const readBounded = async (response: Response, maxBytes: number): Promise<string> => {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const reader = response.body?.getReader()
  let [text, length] = ['', 0]
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (done) return text + decoded(() => decoder.decode())
    length += value.byteLength
    if (length > maxBytes) {
      void reader?.cancel().catch(() => {})
      throw new TooLong('the answer is too long')
    }
    text += decoded(() => decoder.decode(value, { stream: true }))
  }
}

const decoded = (decode: () => string): string => {
  try {
    return decode()
  } catch (cause) {
    throw new NotText('the answer is not UTF-8', { cause })
  }
}
