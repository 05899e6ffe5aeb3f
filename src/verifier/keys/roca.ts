// The fingerprint of RSA keys from a faulty library in Infineon chips (CVE-2017-15361, "ROCA").
// Pure.

/**
 * Generator from which the library builds its primes: p = k · M + (65537^a mod M), M a product of
 * small primes.
 */
const GENERATOR = 65537

/** Largest prime that divides M for every key length. */
const LARGEST_PRIME = 167

const isPrime = (n: number): boolean => {
  for (let divisor = 2; divisor * divisor <= n; divisor += 1) if (n % divisor === 0) return false
  return true
}

/** The powers of the generator modulo a prime. */
const powersModulo = (prime: number): ReadonlySet<number> => {
  const powers = new Set<number>()
  for (let power = 1; !powers.has(power); power = (power * GENERATOR) % prime) powers.add(power)
  return powers
}

/** Remainders of moduli from the library, for each odd prime. */
const REMAINDERS = Array.from({ length: LARGEST_PRIME - 2 }, (_, i) => i + 3)
  .filter(isPrime)
  .map((prime) => [BigInt(prime), powersModulo(prime)] as const)

/**
 * True if a modulus leaves such a remainder for every prime: an attacker can then compute its
 * factors. A good modulus matches by chance once in 240 million.
 */
export const hasRocaFingerprint = (modulus: bigint): boolean =>
  REMAINDERS.every(([prime, remainders]) => remainders.has(Number(modulus % prime)))

/** True if 2 or a small prime divides the modulus, which then is no product of two large primes. */
export const hasSmallFactor = (modulus: bigint): boolean =>
  modulus % 2n === 0n || REMAINDERS.some(([prime]) => modulus % prime === 0n)
