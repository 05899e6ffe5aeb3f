// A revocation source that asks the server about each token (RFC 7662). Slower than following a list, and the
// gateway can do nothing while the server is down; until there is a list it is what makes revocation hold at once.

/** @returns for `createVerifier({ revocations })` */
export const introspection = ({ issuer, clientId, clientSecret }) => {
  if (!clientId || !clientSecret) throw new TypeError('CLIENT_ID and CLIENT_SECRET must be set')
  const authorization = `Basic ${btoa(`${clientId}:${clientSecret}`)}`
  return {
    async isRevoked(_claims, { token }) {
      const response = await fetch(`${issuer}/oauth/introspect`, {
        method: 'POST',
        headers: { authorization },
        body: new URLSearchParams({ token }),
        signal: AbortSignal.timeout(2_000),
      })
      // What is thrown here is answered with 503: nobody knows, so nobody gets in.
      if (response.status !== 200) throw new Error(`introspection answered ${response.status}`)
      // A client that may not introspect this audience is told `false` of every token, too.
      const { active } = await response.json()
      if (typeof active !== 'boolean') throw new Error('this is no introspection answer')
      return !active
    },
  }
}
