// The table of the OAuth addresses: routes, `Allow`, the metadata and README follow it. No logic.
import { authorize } from './authorize.ts'
import {
  deleteConfiguration,
  readConfiguration,
  updateConfiguration,
} from './client-configuration.ts'
import type { Endpoint } from './endpoint.ts'
import { introspect } from './introspect.ts'
import { jwks } from './jwks.ts'
import { metadata } from './metadata.ts'
import { PARAMETERS } from './parameters.ts'
import { register } from './register.ts'
import { revocations } from './revocations.ts'
import { revokeRun } from './revoke-run.ts'
import { revoke } from './revoke.ts'
import { token } from './token.ts'

export const ENDPOINTS: readonly Endpoint[] = [
  {
    path: '/oauth/authorize',
    documentation: 'refuses every request: users do not authorize clients here',
    authentication: 'none',
    caching: 'no-store',
    metadata: { address: 'authorization_endpoint' },
    methods: {
      GET: { body: 'none', handle: () => authorize },
      POST: { body: 'none', handle: () => authorize },
    },
  },
  {
    path: '/oauth/token',
    documentation: 'issues a token (RFC 6749 §4.4), see below for its parameters',
    authentication: 'client',
    caching: 'no-store',
    metadata: {
      address: 'token_endpoint',
      authentication: 'token_endpoint_auth_methods_supported',
    },
    methods: { POST: { body: 'form', parameters: PARAMETERS.token, handle: token } },
  },
  {
    path: '/oauth/introspect',
    documentation: 'tells whether a token is valid now (RFC 7662)',
    authentication: 'client',
    caching: 'no-store',
    metadata: {
      address: 'introspection_endpoint',
      authentication: 'introspection_endpoint_auth_methods_supported',
    },
    methods: { POST: { body: 'form', parameters: PARAMETERS.introspect, handle: introspect } },
  },
  {
    path: '/oauth/revoke',
    documentation: 'revokes a token of the client (RFC 7009)',
    authentication: 'client',
    caching: 'no-store',
    metadata: {
      address: 'revocation_endpoint',
      authentication: 'revocation_endpoint_auth_methods_supported',
    },
    methods: { POST: { body: 'form', parameters: PARAMETERS.revoke, handle: revoke } },
  },
  {
    path: '/oauth/runs/revoke',
    documentation: 'closes a run: its tokens are revoked, and it gets no new ones',
    authentication: 'client',
    caching: 'no-store',
    metadata: { address: 'run_revocation_endpoint' },
    methods: { POST: { body: 'form', parameters: PARAMETERS.revokeRun, handle: revokeRun } },
  },
  {
    path: '/oauth/register',
    documentation: 'enrolls a machine (RFC 7591)',
    authentication: 'enrollment token',
    caching: 'no-store',
    metadata: { address: 'registration_endpoint' },
    methods: { POST: { body: 'json', handle: register } },
  },
  {
    path: '/oauth/register/:client_id',
    documentation: 'lets the machine manage itself (RFC 7592)',
    authentication: 'registration access token',
    caching: 'no-store',
    methods: {
      GET: { body: 'none', handle: readConfiguration },
      PUT: { body: 'json', handle: updateConfiguration },
      DELETE: { body: 'none', handle: deleteConfiguration },
    },
  },
  {
    path: '/oauth/revocations',
    documentation: 'returns the signed revocation list, held with `wait` until there is a new rule',
    authentication: 'none',
    caching: 'public',
    metadata: { address: 'revocation_list_endpoint' },
    methods: { GET: { body: 'none', parameters: PARAMETERS.revocations, handle: revocations } },
  },
  {
    path: '/.well-known/jwks.json',
    documentation: 'returns the public keys (RFC 7517)',
    authentication: 'none',
    caching: 'validated',
    metadata: { address: 'jwks_uri' },
    methods: { GET: { body: 'none', handle: jwks } },
  },
  {
    path: '/.well-known/oauth-authorization-server',
    documentation: 'returns the metadata (RFC 8414)',
    authentication: 'none',
    caching: 'validated',
    methods: { GET: { body: 'none', handle: (deps) => metadata(deps, ENDPOINTS) } },
  },
  {
    path: '/.well-known/openid-configuration',
    documentation: 'returns the same document',
    authentication: 'none',
    caching: 'validated',
    methods: { GET: { body: 'none', handle: (deps) => metadata(deps, ENDPOINTS) } },
  },
]
