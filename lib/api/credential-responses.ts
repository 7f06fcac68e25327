/** A credential in each of its formats and as the answer to a token exchange: types of the writers, and schemas of the OpenAPI document. */
import * as v from 'valibot';
import { ACCESS, list, TIME, WHOLE_NUMBER } from './fields.ts';

/** How many seconds a credential is valid, in a header because most formats do not say it. It may be less than was asked for. */
export const LIFE_HEADER = 'pullpass-expires-in';

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

export const CREDENTIAL_HELPER_ANSWER = v.object({
  ServerURL: v.string(),
  Username: USER_NAME,
  Secret: CREDENTIAL_SECRET,
});
export type CredentialHelperAnswer = v.InferOutput<typeof CREDENTIAL_HELPER_ANSWER>;

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
