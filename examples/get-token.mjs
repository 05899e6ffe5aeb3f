// A client in one file, without a library: it reads the metadata, requests a token, introspects it and revokes it.
//
//   CLIENT_ID=lkc_… CLIENT_SECRET=lks_… node examples/get-token.mjs [issuer]
const issuer = process.argv[2] ?? 'http://localhost:8787'
const { CLIENT_ID, CLIENT_SECRET } = process.env
if (!CLIENT_ID || !CLIENT_SECRET) throw new Error('CLIENT_ID and CLIENT_SECRET must be set')

// RFC 8414 §3.3: a client must not use metadata that names another issuer.
const metadata = await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()
if (metadata.issuer !== issuer) throw new Error(`the metadata names another issuer, ${metadata.issuer}`)

const post = async (url, form) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${CLIENT_ID}:${CLIENT_SECRET}`)}` },
    body: new URLSearchParams(form),
  })
  const text = await response.text()
  const body = text === '' ? null : JSON.parse(text)
  if (!response.ok) throw new Error(`${body?.error} (${body?.code}): ${body?.error_description}`)
  return body
}

const { access_token: token, ...rest } = await post(metadata.token_endpoint, {
  grant_type: 'client_credentials',
})
console.log('issued:', rest)
console.log('introspected:', await post(metadata.introspection_endpoint, { token }))
await post(metadata.revocation_endpoint, { token })
console.log('revoked:', await post(metadata.introspection_endpoint, { token }))
