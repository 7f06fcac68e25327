/** A login as it is remembered, and the credentials that it presents to its deployment. */
import * as v from 'valibot';
import { Secret } from '../lib/domain/secret.ts';
import { unverifiedClaims } from '../lib/iam/token-response.ts';
import type { Network } from './network.ts';
import { secretInFile } from './secret-source.ts';

/** What a request presents: a user name that says what the password is, and the password. */
export interface Credentials {
  readonly userName: 'awsiam' | 'iambearer' | 'iamrefresh' | 'oidc' | 'token';
  readonly password: Secret;
}

/** A text that becomes a Secret when it is read: printable ASCII, as tokens are (RFC 6749 appendix A.12). */
export const secret = v.pipe(
  v.string(),
  v.regex(/^[\x20-\x7e]+$/),
  v.transform(text => new Secret(text)),
);

/** Never an API key, and only ever sent to the target that it is stored in. */
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
  /** The platform renews the token in the file, which is read for each request. */
  v.object({ kind: v.literal('oidc-file'), path: v.string() }),
  /** Each request is signed with the AWS credentials of that moment. */
  v.object({ kind: v.literal('aws'), region: v.string() }),
]);
export type StoredLogin = Readonly<v.InferOutput<typeof STORED_LOGIN>>;
export type IamLogin = Extract<StoredLogin, { kind: 'iam' }>;

/** The credentials for the deployment at `url`; short-lived ones are made or read again for each call. */
export async function credentialsOf(
  login: StoredLogin,
  url: string,
  context: { readonly nowMs: number; readonly network: Network },
): Promise<Credentials> {
  switch (login.kind) {
    case 'iam':
      return iamCredentials(login);
    case 'registry-token':
      return { userName: 'token', password: login.token };
    case 'oidc-token':
      return { userName: 'oidc', password: login.token };
    case 'oidc-file':
      return { userName: 'oidc', password: await secretInFile(login.path, 'OIDC token') };
    case 'aws': {
      // Loaded only here: it brings the AWS SDK along.
      const { awsAssertion } = await import('./aws.ts');
      return { userName: 'awsiam', password: await awsAssertion(url, login.region, context) };
    }
  }
}

/**
 * Any service that sees an access token without an audience (as IBM's are) could replay it, so a deployment lets it
 * manage nothing. The refresh token is sent there instead, and the deployment exchanges it. Elsewhere the refresh token
 * is sent only for a long life, after it was renewed: some issuers accept it only once (`cli/registry/vendor.ts`).
 */
function iamCredentials({ accessToken, refreshToken }: IamLogin): Credentials {
  return refreshToken === null || hasAudience(accessToken)
    ? { userName: 'iambearer', password: accessToken }
    : { userName: 'iamrefresh', password: refreshToken };
}

/** Whether a token has the claim `aud`. Its signature is not checked: this only picks what to send. */
export function hasAudience(token: Secret): boolean {
  const claims = unverifiedClaims(token.reveal());
  return claims === undefined || Object.hasOwn(Object(claims), 'aud');
}
