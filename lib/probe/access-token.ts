/** Verifies an access token as a registry with the published keys does. */
import { X509Certificate } from 'node:crypto';
import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { messageOf } from '../domain/errors.ts';
import { MINUTE_SECONDS } from '../domain/time.ts';

/** What a deployment publishes of the keys of a service. */
export interface PublicKeys {
  readonly jwks: JSONWebKeySet;
  /** PEM; undefined: the tokens of this service carry no certificate. */
  readonly bundle: string | undefined;
}

export interface Expectation extends PublicKeys {
  /** `PULLPASS_URL`. */
  readonly issuer: string;
  readonly service: string;
  readonly nowMs: number;
}

/** The certificates of a bundle. Throws an Error when one cannot be read, or there is none. */
export function certificatesIn(bundle: string): readonly X509Certificate[] {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new Error('The published bundle holds no certificate.');
  try {
    return blocks.map(block => new X509Certificate(block));
  } catch (error) {
    throw new Error(`The published bundle cannot be read: ${messageOf(error)}`);
  }
}

/** The claims of the token. Throws an Error that says what is wrong with it. */
export async function verifyAccessToken(token: string, expected: Expectation): Promise<JWTPayload> {
  const { jwks, bundle, issuer, service, nowMs } = expected;
  const { protectedHeader, payload } = await jwtVerify(token, createLocalJWKSet(jwks), {
    issuer,
    audience: service,
    algorithms: ['ES256', 'RS256'],
    requiredClaims: ['exp', 'nbf', 'iat', 'jti', 'access'],
    currentDate: new Date(nowMs),
    // What distribution allows (registry/auth/token/token.go).
    clockTolerance: MINUTE_SECONDS,
  }).catch((error: unknown) => {
    throw new Error(`The access token does not verify with the published keys: ${messageOf(error)}.`);
  });
  if (bundle !== undefined) await verifyChain(token, protectedHeader.x5c ?? [], { bundle, nowMs });
  return payload;
}

/** The leaf that the token carries must be certified by a root of the bundle, and its key must have signed the token. */
async function verifyChain(
  token: string,
  [text]: readonly string[],
  { bundle, nowMs }: { readonly bundle: string; readonly nowMs: number },
): Promise<void> {
  if (text === undefined) throw new Error('The access token has no certificate, and its registry needs one.');
  const leaf = new X509Certificate(Buffer.from(text, 'base64'));
  const isCertified = certificatesIn(bundle).some(root => leaf.verify(root.publicKey));
  if (!isCertified) throw new Error("The access token's certificate is from none of the published roots.");
  if (nowMs < Date.parse(leaf.validFrom) || nowMs >= Date.parse(leaf.validTo)) {
    throw new Error(
      `The access token's certificate is valid from ${leaf.validFrom} to ${leaf.validTo}, which is not now.`,
    );
  }
  await jwtVerify(token, leaf.publicKey, {
    currentDate: new Date(nowMs),
    clockTolerance: MINUTE_SECONDS,
  }).catch(() => {
    throw new Error('The access token was not signed with the key of its certificate.');
  });
}
