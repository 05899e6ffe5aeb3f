// Facts about the runtime and the platform that the verifier depends on. Looked up at each call,
// because a program may change them later.

type Globals = {
  process?: { env?: Record<string, string | undefined>; versions?: Record<string, string> }
  navigator?: { userAgent?: string }
  Deno?: {
    permissions?: { querySync?(wanted: { name: 'env'; variable: string }): { state: string } }
  }
  EdgeRuntime?: unknown
  fastly?: unknown
}

const globals = (): Globals => globalThis as Globals

/** A variable of the environment; undefined where it is not set, or the program may not read it. */
export const environment = (name: string): string | undefined => {
  const { Deno, process } = globals()
  try {
    // Deno throws without the permission, or asks the person at the terminal.
    const permission = Deno?.permissions?.querySync?.({ name: 'env', variable: name })
    if (permission !== undefined && permission.state !== 'granted') return undefined
    return process?.env?.[name]
  } catch {
    return undefined
  }
}

/**
 * Prefixes of `navigator.userAgent` in runtimes that have `node:http` with sockets. Node before 21
 * has no navigator.
 */
const WITH_SOCKETS = ['Node.js', 'Bun/', 'Deno/']

/**
 * True if this runtime's `node:http` can unreference its sockets, so that they do not keep the
 * process alive.
 */
export const hasNodeSockets = (): boolean => {
  const { process, navigator } = globals()
  const agent = navigator?.userAgent
  const hasSockets = agent === undefined || WITH_SOCKETS.some((prefix) => agent.startsWith(prefix))
  const isNodeLike = process?.versions?.['node'] !== undefined
  return hasSockets && isNodeLike && environment(DENO_DEPLOY) === undefined
}

/** True on Node itself, whose `fetch` ignores proxy variables of the environment by default. */
export const isNode = (): boolean => {
  const { process, Deno } = globals()
  return Deno === undefined && process?.versions?.['bun'] === undefined
}

const DENO_DEPLOY = 'DENO_DEPLOYMENT_ID'

/** Variables that identify platforms which freeze or drop a process between requests. */
const FREEZING = [
  'AWS_LAMBDA_FUNCTION_NAME', // AWS Lambda, and Netlify Functions on it
  'K_SERVICE', // Google Cloud Run and Cloud Run functions
  'FUNCTION_TARGET', // Google Cloud Functions
  'FUNCTIONS_WORKER_RUNTIME', // Azure Functions
  'VERCEL', // Vercel Functions
  'NETLIFY', // Netlify
  DENO_DEPLOY, // Deno Deploy
]

/**
 * True if work ends with the request that began it: Cloudflare Workers, Vercel's edge, Fastly
 * Compute.
 */
export const endsWithRequest = (): boolean => {
  const { navigator, EdgeRuntime, fastly } = globals()
  const isOnWorkers = navigator?.userAgent === 'Cloudflare-Workers'
  return isOnWorkers || EdgeRuntime !== undefined || fastly !== undefined
}

/**
 * True if nothing runs between requests on this platform, or work may not begin outside a request.
 */
export const isFrozenBetweenRequests = (): boolean =>
  endsWithRequest() || FREEZING.some((name) => (environment(name) ?? '') !== '')
