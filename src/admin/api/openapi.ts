import type { Context } from 'hono'
import type { AppEnv, Deps } from '../../deps.ts'
import { openApiDocument } from './document.ts'

/** `GET /openapi.json`: made once, when it is first asked for. */
export const openApi = ({ issuer }: Pick<Deps, 'issuer'>) => {
  let text: string | null = null
  return (c: Context<AppEnv>) => {
    text ??= JSON.stringify(openApiDocument(issuer))
    return c.body(text, 200, { 'Content-Type': 'application/json', 'Cache-Control': 'max-age=300' })
  }
}
