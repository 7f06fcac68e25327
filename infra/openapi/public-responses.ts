/** What the members of the answers of the login endpoint, the credential routes and the public documents mean. */
import * as credentials from '../../lib/api/public-responses.ts';
import * as documents from '../../lib/api/public-responses.ts';
import { component } from './component.ts';
import { A_CREDENTIAL, A_TIME, ACCESS, AN_HOUR_LATER, PATTERNS, TIME } from './words.ts';

const REGISTRY = 'Where to log in: the host of the registry, and its port.';
const USER_NAME = 'Always this user name.';
const KEY_NAME = 'The RFC 7638 thumbprint of the key.';
const NUMBER = 'In base64url.';
const login = {
  members: {
    token: 'The access token: a JWT for the registry.',
    access_token: 'The same token, under the name that OAuth clients read.',
    expires_in: 'Its lifetime in seconds.',
  },
  example: {
    token: 'eyJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJyZWdpc3RyeS5leGFtcGxlIn0.c2lnbmF0dXJl',
    access_token: 'eyJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJyZWdpc3RyeS5leGFtcGxlIn0.c2lnbmF0dXJl',
    expires_in: 300,
  },
} as const;

export const PUBLIC_RESPONSES = {
  Login: component({ schema: documents.LOGIN, ...login }),
  OAuthLogin: component({
    schema: documents.OAUTH_LOGIN,
    members: {
      ...login.members,
      scope: 'The access that was granted: what was asked for, less, or nothing.',
    },
    example: { ...login.example, token_type: 'Bearer', scope: 'repository:team-a/app:pull' },
  }),
  EcKey: component({
    schema: documents.EC_KEY,
    members: { x: NUMBER, y: NUMBER, kid: KEY_NAME },
  }),
  RsaKey: component({
    schema: documents.RSA_KEY,
    members: { n: NUMBER, e: NUMBER, kid: KEY_NAME },
  }),
  KeySet: component({
    schema: documents.KEY_SET,
    members: {
      keys: 'The current key, the next one, and retired keys whose tokens are still valid.',
    },
  }),
  CertificateBundle: component({
    schema: documents.CERTIFICATE_BUNDLE,
    description: 'Certificates in PEM: the `rootcertbundle` of a registry.',
    example: '-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n',
  }),
  Metadata: component({
    schema: documents.METADATA,
    members: {
      issuer: 'The `iss` of access tokens.',
      token_endpoint: 'The login endpoint.',
      jwks_uri: 'The keys of all services.',
      response_types_supported: 'Empty: there is no authorization endpoint.',
      revocation_endpoint: 'Where secrets are revoked.',
      grant_types_supported: 'The grant types of the login endpoint.',
      token_endpoint_auth_methods_supported: 'Clients do not authenticate; callers do.',
      pullpass_services: [
        'The registries that this deployment serves.',
        { name: 'The `service` of the token protocol.', registry: 'Where clients log in.' },
      ],
      pullpass_issuers: [
        'The IAMs whose identities are accepted.',
        {
          key: 'The prefix of its accounts and subjects.',
          issuer: 'The `iss` of its tokens.',
          token_endpoint: 'Where it exchanges API keys; null: it does not.',
          client_id: 'The client id of command lines at the IAM; null: none is needed.',
        },
      ],
    },
    example: {
      issuer: 'https://pullpass.example',
      token_endpoint: 'https://pullpass.example/oauth/token',
      jwks_uri: 'https://pullpass.example/.well-known/jwks.json',
      response_types_supported: [],
      revocation_endpoint: 'https://pullpass.example/oauth/revoke',
      grant_types_supported: ['password', 'urn:ietf:params:oauth:grant-type:token-exchange'],
      token_endpoint_auth_methods_supported: ['none'],
      pullpass_services: [{ name: 'registry.example', registry: 'registry.example' }],
      pullpass_issuers: [
        {
          key: 'corp',
          issuer: 'https://iam.example/identity',
          token_endpoint: 'https://iam.example/identity/token',
          client_id: null,
        },
      ],
    },
  }),
  OpenApiDocument: component({
    schema: documents.OPENAPI_DOCUMENT,
    description: 'An OpenAPI 3.1 document.',
    members: {
      openapi: 'The version of OpenAPI.',
      info: ['About this API.', { title: 'Its title.', version: 'Its version.' }],
      servers: ['The deployment.', { url: '`PULLPASS_URL`.' }],
      paths: 'The operations by path.',
    },
  }),
  Health: component({ schema: documents.HEALTH }),
};

const AUTH = '`token:` and the credential, in base64.';
const BASIC = Buffer.from('token:plc_k1.Example').toString('base64');

export const CREDENTIAL_RESPONSES = {
  Credential: component({
    schema: credentials.CREDENTIAL,
    members: {
      username: USER_NAME,
      password: 'The credential: the password of `docker login -u token`.',
      registry: REGISTRY,
      access: ACCESS,
      repositories: `${PATTERNS} null: every repository that the parent may use.`,
      expiresAt: `When it expires. ${TIME}`,
      refreshAfter: `When its holder should fetch the next one. ${TIME}`,
    },
    example: {
      username: 'token',
      password: A_CREDENTIAL,
      registry: 'registry.example',
      access: 'pull',
      repositories: ['team-a/app'],
      expiresAt: AN_HOUR_LATER,
      refreshAfter: A_TIME,
    },
  }),
  DockerConfig: component({
    schema: credentials.DOCKER_CONFIG,
    members: { auths: ['By registry.', { auth: AUTH }] },
    example: { auths: { 'registry.example': { auth: BASIC } } },
  }),
  ContainersAuth: component({
    schema: credentials.CONTAINERS_AUTH,
    members: { auths: ['By registry, or by registry and repository or prefix.', { auth: AUTH }] },
    example: { auths: { 'registry.example/team-a/app': { auth: BASIC } } },
  }),
  KubernetesSecret: component({
    schema: credentials.KUBERNETES_SECRET,
    members: {
      metadata: ['The name; change it as you like before you apply the secret.', {}],
      data: ['The registry login.', { '.dockerconfigjson': 'The format `docker-config`, in base64.' }],
    },
  }),
  EcrAuthorization: component({
    schema: credentials.ECR_AUTHORIZATION,
    members: {
      authorizationData: [
        'One entry, as Amazon ECR answers it.',
        {
          authorizationToken: AUTH,
          expiresAt: 'When it expires, in seconds since 1970.',
          proxyEndpoint: 'The registry.',
        },
      ],
    },
    example: {
      authorizationData: [
        { authorizationToken: BASIC, expiresAt: 1_795_248_000, proxyEndpoint: 'https://registry.example' },
      ],
    },
  }),
  KubeletResponse: component({
    schema: credentials.KUBELET_RESPONSE,
    members: {
      cacheKeyType: 'Image: for some repositories. Registry: for all that the parent may use.',
      cacheDuration: 'How long the kubelet may cache it: until `refreshAfter`.',
      auth: ['By registry.', { username: USER_NAME, password: 'The credential.' }],
    },
    example: {
      apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
      kind: 'CredentialProviderResponse',
      cacheKeyType: 'Image',
      cacheDuration: '2280s',
      auth: { 'registry.example': { username: 'token', password: A_CREDENTIAL } },
    },
  }),
  CredentialHelperAnswer: component({
    schema: credentials.CREDENTIAL_HELPER_RESPONSE,
    members: { ServerURL: REGISTRY, Username: USER_NAME, Secret: 'The credential.' },
    example: { ServerURL: 'registry.example', Username: 'token', Secret: A_CREDENTIAL },
  }),
  LoginCommand: component({
    schema: credentials.LOGIN_COMMAND,
    description: 'A shell line that logs docker in and keeps the password out of the process list.',
    example:
      "printf %s 'plc_k1.Example' | docker login --username token --password-stdin 'registry.example'\n",
  }),
  ExchangedCredential: component({
    schema: credentials.EXCHANGED_CREDENTIAL,
    members: {
      access_token: 'The credential: a password, not an access token.',
      token_type: 'RFC 8693 section 2.2.1.',
      expires_in: 'Its lifetime in seconds.',
      scope: 'Its access; absent: every repository that the parent may use.',
    },
    example: {
      access_token: A_CREDENTIAL,
      issued_token_type: 'urn:pullpass:token-type:credential',
      token_type: 'N_A',
      expires_in: 3600,
      scope: 'repository:team-a/app:pull repository:team-a/tools/*:pull',
    },
  }),
};
