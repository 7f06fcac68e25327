/** The one table of routes: every function, the local gateway and the tests read it. */
import type { Route } from '../http/request.ts';
import { TOKEN_FILTERS } from './token-filters.ts';

/** The function that a route is deployed in. */
export type FunctionName = 'credentials' | 'discovery' | 'login' | 'management' | 'registry';

const MANAGEMENT = { authentication: 'administrator', query: [], errors: 'problem' } as const;
/** Acts for which a replayed assertion never suffices, even where the operator accepts replays. */
const STRONG = { authentication: 'strong-administrator', query: [], errors: 'problem' } as const;
const HOLDER = { authentication: 'holder', query: [], errors: 'problem' } as const;
const LOGIN = { authentication: 'login', errors: 'registry' } as const;
const REGISTRY = { authentication: 'pull', body: 'none', errors: 'distribution' } as const;
const PUBLIC = { authentication: 'public', query: [], body: 'none', errors: 'problem' } as const;

export const ROUTES = {
  management: [
    { method: 'POST', path: '/v1/tokens', operation: 'addToken', body: 'json', ...MANAGEMENT },
    {
      method: 'GET',
      path: '/v1/tokens',
      operation: 'listTokens',
      body: 'none',
      ...MANAGEMENT,
      query: ['limit', 'cursor', ...TOKEN_FILTERS],
    },
    {
      method: 'PUT',
      path: '/v1/tokens/by-name/{name}',
      operation: 'ensureToken',
      body: 'json',
      ...MANAGEMENT,
    },
    { method: 'GET', path: '/v1/tokens/{id}', operation: 'getToken', body: 'none', ...MANAGEMENT },
    { method: 'PATCH', path: '/v1/tokens/{id}', operation: 'changeToken', body: 'json', ...MANAGEMENT },
    { method: 'DELETE', path: '/v1/tokens/{id}', operation: 'removeToken', body: 'none', ...MANAGEMENT },
    { method: 'GET', path: '/v1/tokens/{id}/value', operation: 'getTokenValue', body: 'none', ...STRONG },
    { method: 'POST', path: '/v1/tokens/{id}/rotate', operation: 'rotateToken', body: 'json', ...MANAGEMENT },
    { method: 'GET', path: '/v1/namespaces', operation: 'listNamespaces', body: 'none', ...MANAGEMENT },
    {
      method: 'PUT',
      path: '/v1/namespaces/{name}',
      operation: 'registerNamespace',
      body: 'none',
      ...MANAGEMENT,
    },
    {
      method: 'DELETE',
      path: '/v1/namespaces/{name}',
      operation: 'releaseNamespace',
      body: 'none',
      ...MANAGEMENT,
    },
    { method: 'POST', path: '/v1/policies', operation: 'addPolicy', body: 'json', ...STRONG },
    { method: 'GET', path: '/v1/policies', operation: 'listPolicies', body: 'none', ...MANAGEMENT },
    { method: 'DELETE', path: '/v1/policies/{id}', operation: 'removePolicy', body: 'none', ...STRONG },
    { method: 'POST', path: '/v1/trusts', operation: 'addTrust', body: 'json', ...STRONG },
    { method: 'GET', path: '/v1/trusts', operation: 'listTrusts', body: 'none', ...MANAGEMENT },
    { method: 'DELETE', path: '/v1/trusts/{id}', operation: 'removeTrust', body: 'none', ...STRONG },
    { method: 'GET', path: '/v1/issuers', operation: 'listIssuers', body: 'none', ...MANAGEMENT },
    {
      method: 'GET',
      path: '/v1/rules',
      operation: 'getRules',
      body: 'none',
      ...MANAGEMENT,
      query: ['cursor'],
    },
    { method: 'PUT', path: '/v1/rules', operation: 'setRules', body: 'json', ...STRONG },
    {
      method: 'GET',
      path: '/v1/usage',
      operation: 'listUsage',
      body: 'none',
      ...MANAGEMENT,
      query: ['token', 'repository', 'from', 'to', 'limit', 'cursor'],
    },
    {
      method: 'GET',
      path: '/v1/audit',
      operation: 'listAudit',
      body: 'none',
      ...MANAGEMENT,
      query: ['target', 'subject', 'act', 'since', 'until', 'limit', 'cursor'],
    },
    { method: 'POST', path: '/v1/explain', operation: 'explainLogin', body: 'json', ...MANAGEMENT },
    {
      method: 'GET',
      path: '/v1/identity',
      operation: 'getIdentity',
      query: [],
      authentication: 'identity',
      body: 'none',
      errors: 'problem',
    },
    // Only this function writes tokens, so what a holder changes is here too.
    { method: 'POST', path: '/v1/token/rotate', operation: 'rotateOwnToken', body: 'json', ...HOLDER },
    {
      method: 'POST',
      path: '/oauth/revoke',
      operation: 'revoke',
      query: [],
      authentication: 'public',
      body: 'form',
      errors: 'registry',
    },
  ],
  login: [
    { method: 'GET', path: '/oauth/token', operation: 'logIn', body: 'none', ...LOGIN },
    { method: 'POST', path: '/oauth/token', operation: 'logIn', body: 'form', ...LOGIN },
    { method: 'GET', path: '/auth/token', operation: 'logIn', body: 'none', ...LOGIN },
    { method: 'POST', path: '/auth/token', operation: 'logIn', body: 'form', ...LOGIN },
    { method: 'GET', path: '/health', operation: 'checkHealth', ...PUBLIC },
  ],
  credentials: [
    { method: 'GET', path: '/v1/token', operation: 'getOwnToken', body: 'none', ...HOLDER },
    {
      method: 'POST',
      path: '/v1/credentials',
      operation: 'vendCredential',
      query: [],
      authentication: 'vend',
      body: 'json',
      errors: 'problem',
    },
  ],
  discovery: [
    { method: 'GET', path: '/v1/services/{service}/jwks.json', operation: 'getServiceKeys', ...PUBLIC },
    { method: 'GET', path: '/v1/services/{service}/signing-key.json', operation: 'getSigningKey', ...PUBLIC },
    {
      method: 'GET',
      path: '/v1/services/{service}/next-signing-key.json',
      operation: 'getNextSigningKey',
      ...PUBLIC,
    },
    {
      method: 'GET',
      path: '/v1/services/{service}/rootcertbundle.pem',
      operation: 'getServiceBundle',
      ...PUBLIC,
    },
    { method: 'GET', path: '/.well-known/jwks.json', operation: 'getKeys', ...PUBLIC },
    { method: 'GET', path: '/.well-known/oauth-authorization-server', operation: 'getMetadata', ...PUBLIC },
    { method: 'GET', path: '/openapi.json', operation: 'getOpenApi', ...PUBLIC },
  ],
  registry: [
    {
      method: 'POST',
      path: '/v1/services/{service}/events',
      operation: 'takeEvents',
      query: [],
      authentication: 'notifications',
      body: 'events',
      errors: 'problem',
    },
  ],
} as const satisfies Record<FunctionName, readonly Route[]>;

/** Every route there is. */
export const ALL_ROUTES: readonly Route[] = Object.values(ROUTES).flat();

/** The registry proxy. Its API is that of registries (OCI distribution specification), and not part of ours. */
export const REGISTRY_ROUTES = [
  { method: 'ANY', path: '/v2/', operation: 'checkVersion', ...REGISTRY },
  { method: 'ANY', path: '/v2/{path+}', operation: 'pull', ...REGISTRY },
] as const satisfies readonly Route[];
