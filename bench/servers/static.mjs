// JSON texts at their paths, by Hono on Node: the least work of a page that does not change.
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { serve } from './serve.mjs'

await serve(({ pages }) => {
  const app = new Hono()
  for (const [path, value] of Object.entries(pages)) {
    const text = JSON.stringify(value)
    app.get(path, (c) => c.body(text, 200, { 'Content-Type': 'application/json' }))
  }
  return getRequestListener(app.fetch)
})
