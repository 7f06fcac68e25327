/**
 * Three weeks of rotations with a Secrets Manager that fails again and again: 100 000 access tokens, each verified in two
 * ways that share no code with each other or with the product.
 */
import { randomBytes, verify, X509Certificate } from 'node:crypto';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { expect, it } from 'vitest';
import { secretsManager } from '../../lib/aws/secrets.ts';
import type { KeyPublication } from '../../lib/ports/keys.ts';
import type { RandomBytes } from '../../lib/ports/system.ts';
import { secretKeyStore } from '../../lib/signing/key-store.ts';
import { keyPublication } from '../../lib/signing/publication.ts';
import { cachedRings } from '../../lib/signing/ring.ts';
import { maintainRing } from '../../lib/signing/ring-rotation.ts';
import { accessTokenSigner } from '../../lib/signing/signer.ts';
import { callerOf, LoopbackAws, refused } from '../support/loopback-aws.ts';
import { claimsFor, headerOf, ISSUER, NOW, X5C } from './context.ts';

const TOKENS = 100_000;
const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
const SECONDS_APART = 19;
/** A registry that fetches keys keeps them for as long as the answer says. */
const FETCHED_EVERY = 5 * MINUTE;
/** Every second hour Secrets Manager does not answer for this long, so half of all maintenance fails. */
const OUTAGE = 12 * MINUTE;

/** The second attempt of a call waits for a random time; here for none. */
const NO_PAUSE: RandomBytes = count => Buffer.alloc(count);

/** The keys that a registry with a key set knows. */
interface Fetched {
  readonly text: string;
  readonly keys: ReturnType<typeof createLocalJWKSet>;
  readonly at: number;
}

/** A registry that gets no answer keeps its keys. */
async function fetchKeys(
  discovery: KeyPublication,
  before: Fetched | undefined,
  now: number,
): Promise<Fetched> {
  const jwks = await discovery.jwks(X5C.name, now).catch(() => undefined);
  const text = JSON.stringify(jwks);
  if (before !== undefined && (jwks === undefined || text === before.text)) return { ...before, at: now };
  return { text, keys: createLocalJWKSet(jwks as unknown as JSONWebKeySet), at: now };
}

/** Verifies the token with the bundle alone: from its leaf to the root, now and until its last second. */
function verifyByBundle(token: string, roots: readonly X509Certificate[], now: number): void {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const { x5c, alg } = headerOf(token) as { x5c: string[]; alg: string };
  const leaf = new X509Certificate(Buffer.from(x5c[0] ?? '', 'base64'));
  const { exp, nbf, iss, aud } = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const isSigned = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    { key: leaf.publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  const isCertified = roots.some(root => leaf.checkIssued(root) && leaf.verify(root.publicKey));
  const isTimely = nbf <= now && now < exp && leaf.validFromDate.getTime() / 1000 <= now;
  const outlivesToken = leaf.validToDate.getTime() / 1000 >= exp + MINUTE;
  const isOurs = alg === 'ES256' && iss === ISSUER && aud === X5C.name;
  const checks = { isSigned, isCertified, isTimely, outlivesToken, isOurs };
  if (Object.values(checks).includes(false)) throw new Error(`${now}: ${JSON.stringify(checks)}`);
}

it(`registries accept all of ${TOKENS} access tokens over several rotations`, {
  timeout: 600_000,
}, async () => {
  const aws = await LoopbackAws.start();
  const view = () =>
    secretKeyStore(
      secretsManager(callerOf('secretsManager', aws.endpoint, NO_PAUSE), randomBytes),
      'pullpass-test',
    );
  let now = NOW;
  const isOut = () => (now - NOW) % (2 * HOUR) >= HOUR && (now - NOW) % (2 * HOUR) < HOUR + OUTAGE;
  aws.instead = () => (isOut() ? refused('ThrottlingException') : undefined);
  const instances = [1, 2, 3].map(() => accessTokenSigner({ services: [X5C], rings: cachedRings(view()) }));
  const discovery = keyPublication([X5C], view());
  await maintainRing(X5C, view(), now);
  // Distributed once, and never again.
  const roots = [new X509Certificate((await discovery.rootCertBundle(X5C.name, now)) ?? '')];

  const kids = new Set<unknown>();
  let fetched: Fetched | undefined;
  let outages = 0;
  for (let i = 0; i < TOKENS; i++) {
    const before = now;
    now = NOW + i * SECONDS_APART;
    if (Math.floor(now / HOUR) > Math.floor(before / HOUR)) {
      await maintainRing(X5C, view(), now).catch(() => {
        outages++;
      });
    }
    if (fetched === undefined || now >= fetched.at + FETCHED_EVERY) {
      fetched = await fetchKeys(discovery, fetched, now);
    }
    const token = (await instances[i % instances.length]?.sign(claimsFor(X5C, now), now)) ?? '';
    verifyByBundle(token, roots, now);
    const options = {
      issuer: ISSUER,
      audience: X5C.name,
      algorithms: ['ES256'],
      currentDate: new Date(now * 1000),
    };
    await jwtVerify(token, fetched.keys, options);
    kids.add(headerOf(token).kid);
  }
  const days = Math.round(((TOKENS - 1) * SECONDS_APART) / DAY);
  console.log(
    `${TOKENS} tokens of ${kids.size} leaves in ${days} days, ${outages} failed maintenances: 0 refused`,
  );
  expect(kids.size).toBeGreaterThanOrEqual(3);
  expect(aws.requests.length).toBeGreaterThan(10_000);
  await aws.close();
});
