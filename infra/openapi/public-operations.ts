/** The login endpoint, the credential routes and the public documents in words. */

import { type FormatName, formatNamed } from '../../lib/api/credential-formats.ts';
import {
  answer,
  CACHEABLE,
  emptyResponse,
  eventsBody,
  formBody,
  headers,
  inPath,
  inQuery,
  jsonBody,
  type Line,
  NO_STORE,
  type Operation,
} from './operation.ts';
import type { CREDENTIAL_RESPONSES } from './public-responses.ts';
import { refTo } from './schema.ts';

const A_SERVICE = { type: 'string', minLength: 1, 'x-one-of': 'services' };

const LOGIN_PARAMETERS = [
  inQuery('service', 'The registry; may be left out if there is only one.', A_SERVICE),
  {
    ...inQuery(
      'scope',
      'The access that is asked for, such as `repository:team-a/app:pull,push`; repeated, or separated by spaces, at most 100. What is not allowed is left out of the grant.',
      { type: 'array', items: { type: 'string' } },
    ),
    style: 'form',
    explode: true,
  },
  inQuery('account', 'Ignored.', { type: 'string' }),
  inQuery('client_id', 'Ignored.', { type: 'string' }),
];

const LOGIN_BY_GET = {
  tag: 'Login',
  summary: 'Log in',
  description:
    'The token protocol of the CNCF distribution registry. A login that asks for more than it may have succeeds with less, or with no access; only a wrong secret is refused. Without credentials the caller is anonymous and is granted nothing.',
  parameters: LOGIN_PARAMETERS,
  answers: { 200: answer('The access token.', 'Login') },
  failures: ['unknown-service'],
} as const satisfies Operation;

const LOGIN_BY_FORM = {
  tag: 'Login',
  summary: 'Log in, or exchange a token, by a form',
  description:
    'RFC 6749 section 4.3, as registry clients send it; or RFC 8693, which answers a credential as `POST /v1/credentials` does. The credentials are in the form, never in a header; `service` and `scope` of a login may be in the query.',
  body: formBody('PasswordLogin', 'TokenExchange'),
  answers: {
    200: answer('The access token, or the credential.', ['OAuthLogin', 'ExchangedCredential']),
  },
  failures: ['unknown-service', 'unsupported-grant-type', 'wider-than-parent'],
} as const satisfies Operation;

const ALIAS = { summary: 'The same at another path' } as const;

const LOGIN = {
  'GET /oauth/token': { id: 'logIn', ...LOGIN_BY_GET },
  'POST /oauth/token': { id: 'logInByForm', ...LOGIN_BY_FORM },
  'GET /auth/token': { id: 'logInAtAlias', ...LOGIN_BY_GET, ...ALIAS },
  'POST /auth/token': { id: 'logInByFormAtAlias', ...LOGIN_BY_FORM, ...ALIAS },
} as const satisfies Partial<Record<Line, Operation>>;

const SCHEMA_OF_FORMAT: Record<FormatName, keyof typeof CREDENTIAL_RESPONSES> = {
  json: 'Credential',
  'docker-config': 'DockerConfig',
  'kubernetes-secret': 'KubernetesSecret',
  'containers-auth': 'ContainersAuth',
  ecr: 'EcrAuthorization',
  kubelet: 'KubeletResponse',
  'credential-helper': 'CredentialHelperAnswer',
  shell: 'LoginCommand',
};

const CREDENTIAL_CONTENT = Object.entries(SCHEMA_OF_FORMAT).map(([format, name]) => [
  formatNamed(format as FormatName).mediaType,
  { schema: refTo(name) },
]);

const CREDENTIALS = {
  'POST /v1/credentials': {
    tag: 'Credentials',
    summary: 'Vend a credential',
    description:
      'A short-lived user name and password for one registry, which allow nothing that the caller may not do. When their parent is narrowed or ends, so do they, at the next login.',
    body: jsonBody('CredentialRequest', false),
    answers: {
      201: {
        description: 'The credential, in the format that was asked for.',
        headers: headers([...NO_STORE, 'Pullpass-Expires-In']),
        content: Object.fromEntries(CREDENTIAL_CONTENT),
      },
    },
    failures: ['unknown-service', 'wider-than-parent'],
  },
  'POST /oauth/revoke': {
    tag: 'Credentials',
    summary: 'Revoke a secret',
    description:
      'RFC 7009. Holding a registry token or a credential is enough to revoke it: a token is disabled, a credential is revoked alone. An unknown or already revoked secret is no failure.',
    body: formBody('Revocation'),
    answers: { 200: emptyResponse('No login succeeds with it.') },
    failures: ['unavailable'],
  },
} as const satisfies Partial<Record<Line, Operation>>;

const SERVICE = inPath('service', 'The name of the service.', { ...A_SERVICE, example: 'registry.example' });
const NOTIFICATIONS = {
  'POST /v1/services/{service}/events': {
    tag: 'Usage',
    summary: 'Report what was pulled',
    description:
      'Notifications of the CNCF distribution registry, for registries that verify access tokens themselves. Each pull of an image is counted once by the `id` of its event, unless many others were reported before it is repeated. Other events are ignored.',
    parameters: [SERVICE],
    body: eventsBody('Notifications'),
    answers: { 204: emptyResponse('What could be counted is counted.') },
  },
} as const satisfies Partial<Record<Line, Operation>>;

const KEYS = { mediaType: 'application/jwk-set+json', headers: CACHEABLE };
const CERTIFICATES = { mediaType: 'application/x-pem-file', headers: CACHEABLE };
/** For `If-None-Match` with the tag of the document. */
const UNCHANGED = { description: 'It is the document that the client has.', headers: headers(CACHEABLE) };

const DOCUMENTS = {
  'GET /v1/services/{service}/jwks.json': {
    tag: 'Public documents',
    summary: 'Get the keys of a service',
    description: 'RFC 7517. A registry with `jwks` verifies access tokens with them.',
    parameters: [SERVICE],
    answers: { 200: answer('The keys.', 'KeySet', KEYS), 304: UNCHANGED },
    failures: ['not-found', 'unavailable'],
  },
  'GET /v1/services/{service}/signing-key.json': {
    tag: 'Public documents',
    summary: 'Get the key that signs',
    description:
      'The one of the keys of a service that signs access tokens now, for registries that take one key.',
    parameters: [SERVICE],
    answers: { 200: answer('The key.', 'KeySet', { ...KEYS, headers: NO_STORE }) },
    failures: ['not-found', 'unavailable'],
  },
  'GET /v1/services/{service}/next-signing-key.json': {
    tag: 'Public documents',
    summary: 'Get the key that takes over',
    description:
      'The key that signs next. With the profile `kid` it waits until the operator activates it. With `x5c` it comes into use by itself, an hour after it was published; the set is empty while there is none.',
    parameters: [SERVICE],
    answers: { 200: answer('The key.', 'KeySet', { ...KEYS, headers: NO_STORE }) },
    failures: ['not-found', 'unavailable'],
  },
  'GET /v1/services/{service}/rootcertbundle.pem': {
    tag: 'Public documents',
    summary: 'Get the certificates of a service',
    description:
      'A registry with `rootcertbundle` verifies access tokens with them. A service with the profile `kid` has none.',
    parameters: [SERVICE],
    answers: { 200: answer('The certificates.', 'CertificateBundle', CERTIFICATES), 304: UNCHANGED },
    failures: ['not-found', 'unavailable'],
  },
  'GET /.well-known/jwks.json': {
    tag: 'Public documents',
    summary: 'Get the keys of all services',
    answers: { 200: answer('The keys.', 'KeySet', KEYS), 304: UNCHANGED },
    failures: ['unavailable'],
  },
  'GET /.well-known/oauth-authorization-server': {
    tag: 'Public documents',
    summary: 'Get the metadata',
    description: 'RFC 8414, and where clients find registries and IAMs.',
    answers: { 200: answer('The metadata.', 'Metadata', { headers: CACHEABLE }), 304: UNCHANGED },
  },
  'GET /openapi.json': {
    tag: 'Public documents',
    summary: 'Get this document',
    description: 'OpenAPI 3.1, with the deployment as its server.',
    answers: { 200: answer('The document.', 'OpenApiDocument', { headers: CACHEABLE }), 304: UNCHANGED },
  },
  'GET /health': {
    tag: 'Public documents',
    summary: 'Ask whether logins work',
    description: 'Reads the store, and signs for every service.',
    answers: { 200: answer('Logins work.', 'Health', { headers: NO_STORE }) },
    failures: ['unavailable'],
  },
} as const satisfies Partial<Record<Line, Operation>>;

export const PUBLIC_OPERATIONS = { ...LOGIN, ...CREDENTIALS, ...NOTIFICATIONS, ...DOCUMENTS };
