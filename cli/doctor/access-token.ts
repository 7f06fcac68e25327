/** Verifies an access token as a registry with the published keys does. */
import { X509Certificate } from 'node:crypto';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { MINUTE_SECONDS } from '../../lib/domain/time.ts';
import { CliError, messageOf } from '../errors.ts';
import type { PublicKeys } from '../registry/service.ts';

export interface Expectation extends Pick<PublicKeys, 'bundle'> {
  readonly jwks: JSONWebKeySet;
  /** `PULLPASS_URL`. */
  readonly issuer: string;
  readonly service: string;
  readonly nowMs: number;
}

/** The certificates of a bundle. Throws CliError when one cannot be read, or there is none. */
export function certificatesIn(bundle: string): readonly X509Certificate[] {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new CliError('The published bundle holds no certificate.');
  try {
    return blocks.map(block => new X509Certificate(block));
  } catch (error) {
    throw new CliError(`The published bundle cannot be read: ${messageOf(error)}`);
  }
}

/** Throws CliError that says what is wrong with the token. */
export async function verifyAccessToken(token: string, expected: Expectation): Promise<void> {
  const { jwks, bundle, issuer, service, nowMs } = expected;
  const { protectedHeader } = await jwtVerify(token, createLocalJWKSet(jwks), {
    issuer,
    audience: service,
    algorithms: ['ES256', 'RS256'],
    requiredClaims: ['exp', 'nbf', 'iat', 'jti', 'access'],
    currentDate: new Date(nowMs),
    // What distribution allows (registry/auth/token/token.go).
    clockTolerance: MINUTE_SECONDS,
  }).catch((error: unknown) => {
    throw new CliError(`The access token does not verify with the published keys: ${messageOf(error)}.`);
  });
  if (bundle !== undefined) await verifyChain(token, protectedHeader.x5c ?? [], { bundle, nowMs });
}

/** The leaf that the token carries must be certified by a root of the bundle, and its key must have signed the token. */
async function verifyChain(
  token: string,
  [text]: readonly string[],
  { bundle, nowMs }: { readonly bundle: string; readonly nowMs: number },
): Promise<void> {
  if (text === undefined)
    throw new CliError('The access token has no certificate, and its registry needs one.');
  const leaf = new X509Certificate(Buffer.from(text, 'base64'));
  const isCertified = certificatesIn(bundle).some(root => leaf.verify(root.publicKey));
  if (!isCertified) throw new CliError("The access token's certificate is from none of the published roots.");
  if (nowMs < Date.parse(leaf.validFrom) || nowMs >= Date.parse(leaf.validTo)) {
    throw new CliError(
      `The access token's certificate is valid from ${leaf.validFrom} to ${leaf.validTo}, which is not now.`,
    );
  }
  await jwtVerify(token, leaf.publicKey, {
    currentDate: new Date(nowMs),
    clockTolerance: MINUTE_SECONDS,
  }).catch(() => {
    throw new CliError('The access token was not signed with the key of its certificate.');
  });
}
