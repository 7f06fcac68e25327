/** What the login endpoint and the public documents answer. */
import * as v from 'valibot';
import { TOKEN_EXCHANGE } from '../../../lib/http/credentials.ts';
import { member, text, url } from '../members.ts';

const JWT = member(
  v.pipe(v.string(), v.regex(/^[\w-]+\.[\w-]+\.[\w-]+$/)),
  'The access token: a JWT for the registry.',
  'eyJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJyZWdpc3RyeS5leGFtcGxlIn0.c2lnbmF0dXJl',
);
const LOGIN = {
  token: JWT,
  access_token: member(v.string(), 'The same again, as OAuth calls it.'),
  expires_in: member(v.pipe(v.number(), v.integer()), 'How long it is good, in seconds.', 300),
};
const Login = v.strictObject(LOGIN);
const OAuthLogin = v.strictObject({
  ...LOGIN,
  token_type: v.literal('Bearer'),
  scope: text(
    'What was granted of what was asked for; it may be less, or nothing.',
    'repository:team-a/app:pull',
  ),
});

const KEY_NAME = text('The RFC 7638 thumbprint of the key.', 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
const NUMBER = member(v.pipe(v.string(), v.regex(/^[\w-]+$/)), 'In base64url.', 'AQAB');
const EcKey = v.strictObject({
  kty: v.literal('EC'),
  crv: v.literal('P-256'),
  x: NUMBER,
  y: NUMBER,
  kid: KEY_NAME,
  use: v.literal('sig'),
  alg: v.literal('ES256'),
});
const RsaKey = v.strictObject({
  kty: v.literal('RSA'),
  n: NUMBER,
  e: NUMBER,
  kid: KEY_NAME,
  use: v.literal('sig'),
  alg: v.literal('RS256'),
});
const KeySet = v.strictObject({
  keys: member(
    v.array(v.union([EcKey, RsaKey])),
    'Also a key that will sign next, and those whose tokens are still good.',
  ),
});
const CertificateBundle = text(
  'Certificates in PEM: the `rootcertbundle` of a registry.',
  '-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n',
);

const Metadata = v.strictObject({
  issuer: url('The `iss` of access tokens.', 'https://pullpass.example'),
  token_endpoint: url('The login endpoint.', 'https://pullpass.example/oauth/token'),
  jwks_uri: url('The keys of all services.', 'https://pullpass.example/.well-known/jwks.json'),
  response_types_supported: member(v.array(v.string()), 'None: there is no authorization endpoint.', []),
  revocation_endpoint: url('Where secrets are ended.', 'https://pullpass.example/oauth/revoke'),
  grant_types_supported: v.array(v.picklist(['password', TOKEN_EXCHANGE])),
  token_endpoint_auth_methods_supported: v.array(v.literal('none')),
  pullpass_services: member(
    v.array(
      v.strictObject({
        name: text('The `service` of the token protocol.', 'registry.example'),
        registry: text('Where clients log in.', 'registry.example'),
      }),
    ),
    'The registries that this deployment serves.',
  ),
  pullpass_issuers: member(
    v.array(
      v.strictObject({
        key: text('The key that qualifies its accounts and subjects.', 'corp'),
        issuer: text('The `iss` of its tokens.', 'https://iam.example/identity'),
        token_endpoint: member(
          v.nullable(v.string()),
          'Where it exchanges API keys; null: nowhere.',
          'https://iam.example/identity/token',
        ),
        client_id: member(
          v.nullable(v.string()),
          'Who a command line is there; null: nobody in particular.',
          null,
        ),
      }),
    ),
    'The IAMs whose callers are recognised.',
  ),
});
const OpenApiDocument = v.pipe(
  v.looseObject({
    openapi: v.pipe(v.string(), v.startsWith('3.1.')),
    info: v.looseObject({ title: v.string(), version: v.string() }),
    servers: v.pipe(
      v.array(v.looseObject({ url: url('`PULLPASS_URL`.', 'https://pullpass.example') })),
      v.length(1),
    ),
    paths: v.record(v.string(), v.looseObject({})),
  }),
  v.description('An OpenAPI 3.1 document.'),
);
const Health = v.strictObject({ status: v.literal('ok') });

export const LOGIN_ANSWERS = {
  Login,
  OAuthLogin,
  EcKey,
  RsaKey,
  KeySet,
  CertificateBundle,
  Metadata,
  OpenApiDocument,
  Health,
} satisfies Record<string, v.GenericSchema>;
