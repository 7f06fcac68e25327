/** A login as it is remembered: never an API key, and bound to the one target that it stands in. */
import * as v from 'valibot';
import { Secret } from '../lib/domain/secret.ts';

/** A text that is a secret from here on. */
export const secret = v.pipe(
  v.string(),
  v.minLength(1),
  v.transform(text => new Secret(text)),
);

export const optionalSecret = v.optional(v.nullable(secret));

export const STORED_LOGIN = v.variant('kind', [
  v.object({
    kind: v.literal('iam'),
    accessToken: secret,
    /** Seconds since 1970. */
    expiresAt: v.number(),
    /** null: the issuer gave none, and the login ends with the access token. */
    refreshToken: v.nullable(secret),
  }),
  v.object({ kind: v.literal('registry-token'), token: secret }),
  v.object({ kind: v.literal('oidc-token'), token: secret }),
  /** The platform renews the token in the file; it is read at each use. */
  v.object({ kind: v.literal('oidc-file'), path: v.string() }),
  /** Each use signs a fresh proof with the AWS credentials of that moment. */
  v.object({ kind: v.literal('aws'), region: v.string() }),
]);

export type StoredLogin = Readonly<v.InferOutput<typeof STORED_LOGIN>>;
export type IamLogin = Extract<StoredLogin, { kind: 'iam' }>;

/** A registry token that the credential helper keeps for a registry. */
export const KEPT_TOKEN = v.object({
  registry: v.string(),
  /** The name of the target that it was stored under. */
  target: v.string(),
  token: secret,
});
