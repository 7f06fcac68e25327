/** What the login endpoint and the public documents answer. */
import * as v from 'valibot';
import { list, WHOLE_NUMBER } from './fields.ts';

const URL_TEXT = v.pipe(v.string(), v.url());

/** The same access token under both names: docker reads `token`, OAuth libraries `access_token`. */
export const LOGIN = v.object({
  token: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/)),
  access_token: v.string(),
  expires_in: WHOLE_NUMBER,
});
export type Login = v.InferOutput<typeof LOGIN>;

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
