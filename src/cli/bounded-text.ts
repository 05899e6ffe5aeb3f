// Reads the body of an answer up to a limit: the command knows nothing about who answers.

/**
 * Collects the chunks of a body as UTF-8.
 * @returns null once the body exceeds `maxBytes`
 * @throws the error of a body that breaks off
 */
export const boundedText = async (
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<string | null> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
