// Tokens of an administrator, from the issuer that the URL names. They stay in memory.
import { ADMIN_AUDIENCE, TOKEN_RENEWAL_SECONDS } from '../../constants.ts'
import { RemoteFailed } from '../../errors.ts'
import type { RemoteServer } from './choice.ts'
import { type Exchange, openExchange, readObject } from './exchange.ts'

const METADATA_PATH = '/.well-known/oauth-authorization-server'

/** Reads the address of the token endpoint from the metadata (RFC 8414 §3). @throws RemoteFailed */
const readTokenEndpoint = async (origin: string, exchange: Exchange): Promise<string> => {
  const answer = await exchange(origin + METADATA_PATH)
  const metadata = await readObject(answer)
  if (answer.statusCode !== 200 || metadata === null) {
    throw new RemoteFailed(
      `${origin} is not the URL of an issuer: it has no metadata (RFC 8414) at ${METADATA_PATH}`,
    )
  }
  const { issuer, token_endpoint: endpoint } = metadata
  if (issuer !== origin) {
    throw new RemoteFailed(
      `${origin} has the metadata of another issuer: use --url ${String(issuer)}`,
    )
  }
  if (typeof endpoint !== 'string' || !endpoint.startsWith(`${origin}/`)) {
    throw new RemoteFailed(
      `${origin} has a token endpoint at another origin: it gets no credentials`,
    )
  }
  return endpoint
}

/** Encodes a part of the Basic credentials as a form value (RFC 6749 §2.3.1). */
const formEncoded = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)

type Token = { text: string; expiresAt: number }

/** @throws RemoteFailed for refused credentials */
const requestToken = async (
  { origin, credentials: { clientId, clientSecret } }: RemoteServer,
  endpoint: string,
  { exchange, now }: { exchange: Exchange; now: () => number },
): Promise<Token> => {
  const basic = Buffer.from(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`)
  const requestedAt = now()
  const answer = await exchange(endpoint, {
    method: 'POST',
    headers: {
      authorization: `Basic ${basic.toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: `grant_type=client_credentials&audience=${ADMIN_AUDIENCE}`,
  })
  const {
    access_token: text,
    expires_in: lifetime,
    error_description: reason,
  } = (await readObject(answer)) ?? {}
  if (answer.statusCode === 200 && typeof text === 'string' && typeof lifetime === 'number') {
    return { text, expiresAt: requestedAt + lifetime * 1000 }
  }
  const detail = typeof reason === 'string' ? reason : `status ${answer.statusCode}`
  throw new RemoteFailed(
    `${origin} issues no token for administration to the client ${clientId}: ${detail}`,
  )
}

export type TokenSource = {
  /** The current token, or a new one shortly before it expires. */
  current: () => Promise<string>
  /** Drops the current token, which the server has refused. */
  drop: () => void
}

export const createTokenSource = (
  server: RemoteServer,
  { exchange, now }: { exchange: Exchange; now: () => number },
): TokenSource => {
  let endpoint: string | null = null
  let token: Token | null = null
  return {
    current: async () => {
      if (token !== null && now() < token.expiresAt - TOKEN_RENEWAL_SECONDS * 1000)
        return token.text
      endpoint ??= await readTokenEndpoint(server.origin, exchange)
      token = await requestToken(server, endpoint, { exchange, now })
      return token.text
    },
    drop: () => {
      token = null
    },
  }
}

/** Requires that the issuer issues a token for administration. @throws RemoteFailed */
export const requireAdministrator = async (server: RemoteServer): Promise<void> => {
  const { exchange, close } = openExchange()
  try {
    await createTokenSource(server, { exchange, now: () => performance.now() }).current()
  } finally {
    close()
  }
}
