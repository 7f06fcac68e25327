/** Verifiers of other authors, used as registries would use them. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLocalJWKSet, importX509, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { headerOf, ISSUER } from './context.ts';

interface Expected {
  readonly audience: string;
  readonly algorithm: string;
  readonly now: number;
}

function options({ audience, algorithm, now }: Expected) {
  return { issuer: ISSUER, audience, algorithms: [algorithm], currentDate: new Date(now * 1000) };
}

/** jose, with a key set. */
export async function verifyByKeySet(
  token: string,
  jwks: { keys: Record<string, unknown>[] },
  expected: Expected,
): Promise<JWTPayload> {
  const verified = await jwtVerify(
    token,
    createLocalJWKSet(jwks as unknown as JSONWebKeySet),
    options(expected),
  );
  return verified.payload;
}

/** jose, with the leaf in the header, whose chain to the bundle openssl verifies at the given time. */
export async function verifyByChain(
  token: string,
  bundle: { text: string; directory: string },
  expected: Expected,
): Promise<JWTPayload> {
  const leaf = leafOf(token);
  const [bundleFile, leafFile] = [join(bundle.directory, 'ca.pem'), join(bundle.directory, 'leaf.pem')];
  writeFileSync(bundleFile, bundle.text);
  writeFileSync(leafFile, leaf);
  const time = ['-attime', String(expected.now)];
  execFileSync('openssl', ['verify', '-x509_strict', ...time, '-CAfile', bundleFile, leafFile], {
    stdio: 'pipe',
  });
  return (await jwtVerify(token, await importX509(leaf, expected.algorithm), options(expected))).payload;
}

/** The leaf of a token's `x5c` as PEM. */
function leafOf(token: string): string {
  const { x5c } = headerOf(token) as { x5c: string[] };
  return `-----BEGIN CERTIFICATE-----\n${x5c[0]?.replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}
