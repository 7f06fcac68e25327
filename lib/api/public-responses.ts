/** What the login endpoint and the public documents answer, and a vended credential in each of its formats. */
import * as v from 'valibot';
import { ACCESS, list, TIME, WHOLE_NUMBER } from './fields.ts';

const URL_TEXT = v.pipe(v.string(), v.url());

/** The same access token under both names: docker reads `token`, OAuth libraries `access_token`. */
export const LOGIN = v.object({
  token: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/)),
  access_token: v.string(),
  expires_in: WHOLE_NUMBER,
});

/** The answer to a POST (RFC 6749 section 5.1). */
export const OAUTH_LOGIN = v.object({
  ...LOGIN.entries,
  token_type: v.literal('Bearer'),
  scope: v.string(),
});
export type OAuthLogin = v.InferOutput<typeof OAUTH_LOGIN>;

const BASE64URL = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]+$/));

export const EC_KEY = v.object({
  kty: v.literal('EC'),
  crv: v.literal('P-256'),
  x: BASE64URL,
  y: BASE64URL,
  kid: v.string(),
  use: v.literal('sig'),
  alg: v.literal('ES256'),
});

export const RSA_KEY = v.object({
  kty: v.literal('RSA'),
  n: BASE64URL,
  e: BASE64URL,
  kid: v.string(),
  use: v.literal('sig'),
  alg: v.literal('RS256'),
});

/** RFC 7517. */
export const KEY_SET = v.object({ keys: v.array(v.union([EC_KEY, RSA_KEY])) });

/** Certificates in PEM. */
export const CERTIFICATE_BUNDLE = v.string();

/** RFC 8414, and where clients find registries and IAMs. */
export const METADATA = v.object({
  issuer: URL_TEXT,
  token_endpoint: URL_TEXT,
  jwks_uri: URL_TEXT,
  response_types_supported: list(v.string()),
  revocation_endpoint: URL_TEXT,
  grant_types_supported: list(v.picklist(['password', 'urn:ietf:params:oauth:grant-type:token-exchange'])),
  token_endpoint_auth_methods_supported: list(v.literal('none')),
  pullpass_services: list(v.object({ name: v.string(), registry: v.string() })),
  pullpass_issuers: list(
    v.object({
      key: v.string(),
      issuer: v.string(),
      token_endpoint: v.nullable(v.string()),
      client_id: v.nullable(v.string()),
    }),
  ),
});
export type Metadata = v.InferOutput<typeof METADATA>;

export const OPENAPI_DOCUMENT = v.looseObject({
  openapi: v.pipe(v.string(), v.startsWith('3.1.')),
  info: v.looseObject({ title: v.string(), version: v.string() }),
  servers: v.pipe(v.array(v.looseObject({ url: URL_TEXT })), v.length(1)),
  paths: v.record(v.string(), v.looseObject({})),
});

export const HEALTH = v.object({ status: v.literal('ok') });
export type Health = v.InferOutput<typeof HEALTH>;

const USER_NAME = v.literal('token');
export const CREDENTIAL_SECRET = v.pipe(
  v.string(),
  v.regex(/^plc_[a-z0-9]{1,8}\.[A-Za-z0-9_-]+$/),
  v.maxLength(1024),
);
const BASE64 = v.pipe(v.string(), v.base64());

/** The format `json`. */
export const CREDENTIAL = v.object({
  username: USER_NAME,
  password: CREDENTIAL_SECRET,
  registry: v.string(),
  access: ACCESS,
  repositories: v.nullable(list(v.string())),
  expiresAt: TIME,
  refreshAfter: TIME,
});
export type Credential = v.InferOutput<typeof CREDENTIAL>;

/** docker's config.json; the auth.json of skopeo, podman and buildah has the same shape with narrower keys. */
export const DOCKER_CONFIG = v.object({ auths: v.record(v.string(), v.object({ auth: BASE64 })) });
export type DockerConfig = v.InferOutput<typeof DOCKER_CONFIG>;

export const CONTAINERS_AUTH = v.object(DOCKER_CONFIG.entries);

export const KUBERNETES_SECRET = v.object({
  apiVersion: v.literal('v1'),
  kind: v.literal('Secret'),
  metadata: v.object({ name: v.literal('pullpass') }),
  type: v.literal('kubernetes.io/dockerconfigjson'),
  data: v.object({ '.dockerconfigjson': BASE64 }),
});
export type KubernetesSecret = v.InferOutput<typeof KUBERNETES_SECRET>;

/** `AuthorizationData` of the Amazon ECR API; its time is in seconds since 1970. */
export const ECR_AUTHORIZATION = v.object({
  authorizationData: v.pipe(
    v.array(
      v.object({
        authorizationToken: BASE64,
        expiresAt: WHOLE_NUMBER,
        proxyEndpoint: v.pipe(v.string(), v.url()),
      }),
    ),
    v.length(1),
  ),
});
export type EcrAuthorization = v.InferOutput<typeof ECR_AUTHORIZATION>;

export const KUBELET_RESPONSE = v.object({
  apiVersion: v.literal('credentialprovider.kubelet.k8s.io/v1'),
  kind: v.literal('CredentialProviderResponse'),
  cacheKeyType: v.picklist(['Image', 'Registry']),
  cacheDuration: v.pipe(v.string(), v.regex(/^\d+s$/)),
  auth: v.record(v.string(), v.object({ username: USER_NAME, password: CREDENTIAL_SECRET })),
});
export type KubeletResponse = v.InferOutput<typeof KUBELET_RESPONSE>;

export const CREDENTIAL_HELPER_RESPONSE = v.object({
  ServerURL: v.string(),
  Username: USER_NAME,
  Secret: CREDENTIAL_SECRET,
});
export type CredentialHelperResponse = v.InferOutput<typeof CREDENTIAL_HELPER_RESPONSE>;

/** A line for a shell. */
export const LOGIN_COMMAND = v.string();

/** RFC 8693 section 2.2.1. What is issued is a password, not an access token. */
export const EXCHANGED_CREDENTIAL = v.object({
  access_token: CREDENTIAL_SECRET,
  issued_token_type: v.literal('urn:pullpass:token-type:credential'),
  token_type: v.literal('N_A'),
  expires_in: WHOLE_NUMBER,
  scope: v.optional(v.string()),
});
export type ExchangedCredential = v.InferOutput<typeof EXCHANGED_CREDENTIAL>;
