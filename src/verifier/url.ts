// Rules about URLs: secure ones, origins, and hosts on this machine. Pure.

/**
 * Hosts that never leave the machine, as `URL` spells them: `localhost` and names below it
 * (RFC 6761 §6.3), 127.0.0.0/8 (RFC 1122 §3.2.1.3) and ::1 (RFC 4291 §2.5.3).
 */
const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** @param hostname as `URL` spells it: in lower case, an IPv6 address in brackets */
export const isLoopbackHost = (hostname: string): boolean => LOOPBACK.test(hostname)

/**
 * True for an absolute https URL, and for http on loopback. Over plain http an attacker on the
 * network could replace the keys.
 */
export const isSecureUrl = (value: unknown): value is string => {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, hostname } = new URL(value)
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))
}

/** True for a secure URL that is an origin, as `iss` is: an issuer (RFC 8414 §2) without a path. */
export const isOrigin = (value: unknown): boolean =>
  isSecureUrl(value) && new URL(value).origin === value
