// URLs that the verifier takes from its caller. Pure.

/** Over plain http whoever is on the way hands out the keys; on loopback nobody is. */
export const isSecureUrl = (value: unknown): value is string => {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, hostname } = new URL(value)
  const loopback = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
  return protocol === 'https:' || (protocol === 'http:' && loopback)
}

/** As in `iss`: RFC 8414 §2 without a path. */
export const isOrigin = (value: unknown): boolean =>
  isSecureUrl(value) && new URL(value).origin === value
