import type { AppContext, Deps } from '../../deps.ts'
import { createDocument } from '../../http/document.ts'
import { openApiDocument } from './openapi-document.ts'

/** `GET /openapi.json`: made once, at the first request. */
export const openApi = ({ issuer }: Pick<Deps, 'issuer'>) => {
  const send = createDocument()
  let text: string | null = null
  return (c: AppContext) => {
    text ??= JSON.stringify(openApiDocument(issuer))
    return send(c, text, { 'Content-Type': 'application/json', 'Cache-Control': 'max-age=300' })
  }
}
