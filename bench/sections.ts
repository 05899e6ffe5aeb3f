// The sections of `npm run bench`, in the order of the document.
import type { Run } from './result.ts'

export type Section = {
  name: string
  title: string
  /** Measurement of the section, described for the document. */
  about: string
  load: () => Promise<{ run: Run }>
}

export const SECTIONS: readonly Section[] = [
  {
    name: 'token',
    title: 'Token endpoint',
    about: `Token requests of one client with Basic credentials. All servers sign the same claims with an RS256 key of
2,048 bits. The bare servers are \`node:http\` with the least work: parse the form, find the client in a Map, compare the
SHA-256 of its secret in constant time, sign, answer. Latchkey has its SQLite database, structured log, metrics and ledger
on. Other servers keep clients in memory and have no log. They add their own checks, each in its documented set-up. By
default Better Auth decrypts its stored key for each token.`,
    load: () => import('./sections/token.ts'),
  },
  {
    name: 'clients',
    title: 'Size of the database',
    about: `The token endpoint with small and large databases. Each request names a client at random.`,
    load: () => import('./sections/clients.ts'),
  },
  {
    name: 'endpoints',
    title: 'ES256, introspection, JWKS and metadata',
    about: `One server, beside its own token endpoint and a Hono application that answers the same JSON from memory. Each
introspection is of the same token.`,
    load: () => import('./sections/endpoints.ts'),
  },
  {
    name: 'verify',
    title: 'Verifier',
    about: `One call after the other in one process, the same tokens for every library. Each library receives algorithm,
issuer and audience, and type, required claims and scope where it has an option. \`@latchkey/verifier\` also checks the
plugin, the permission and that the revocation list does not name the token.`,
    load: () => import('./sections/verify.ts'),
  },
  {
    name: 'route',
    title: 'Guarded route',
    about: `The same route of a Hono server with and without \`@latchkey/verifier\` in front of it, with one token that the
verifier has seen before.`,
    load: () => import('./sections/route.ts'),
  },
  {
    name: 'followers',
    title: 'Followers',
    about: `Verifiers in one process follow the list of one server, each with requests of its own. The server revokes a
token. The time begins before the request to revoke it, and ends when the verifiers have the rule.`,
    load: () => import('./sections/followers.ts'),
  },
  {
    name: 'list',
    title: 'Loading a long list',
    about: `A follower without a list loads all rules from one server. Server, followers and hostile connections are separate
processes.`,
    load: () => import('./sections/list.ts'),
  },
  {
    name: 'lookup',
    title: 'Look-up of a rule',
    about: `Memory and look-up time of a follower that has loaded the rules as from an issuer, beside a Set and a Map of the
same ids in the same process.`,
    load: () => import('./sections/lookup.ts'),
  },
  {
    name: 'start',
    title: 'Start, memory and command line',
    about: `Time from the start of the process to the first token on an existing database, and to the first answer on an
empty one, whose keys the server makes. The commands run \`node dist/cli.js\`.`,
    load: () => import('./sections/start.ts'),
  },
  {
    name: 'ledger',
    title: 'Ledger',
    about: `The token endpoint for tokens that name a run, with the ledger on and off. The time of a round includes the
writes of its entries and their pruning.`,
    load: () => import('./sections/ledger.ts'),
  },
  {
    name: 'timing',
    title: 'Refusals in constant time',
    about: `Refusals of an unknown client and of a known client with a wrong secret. An attacker who measures them must not
learn which clients exist. z is that of a rank test (Mann-Whitney) between the two: below 3 it is noise.`,
    load: () => import('./sections/timing.ts'),
  },
]

export const sectionOf = (name: string): Section => {
  const section = SECTIONS.find((one) => one.name === name)
  if (section === undefined) {
    throw new Error(`no section ${name}: ${SECTIONS.map((one) => one.name).join(', ')}`)
  }
  return section
}
