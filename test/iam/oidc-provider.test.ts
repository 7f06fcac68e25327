/** Tokens of an issuer of another author (panva/node-oidc-provider), over its own endpoints. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Issuer } from '../../lib/domain/identity.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { KEY_FETCH_INTERVAL_MS } from '../../lib/iam/issuer-keys.ts';
import { identityVerifier } from '../../lib/iam/verifier.ts';
import type { Assertion, IdentityVerifier } from '../../lib/ports/others.ts';
import { providerOptions, signingKey } from '../support/oidc-provider.ts';
import { only } from './loopback-iam.ts';

const AUDIENCE = 'https://pullpass.example';
const SECRET = 'a-secret-of-the-test';
const SIGNING = ['ES256', 'RS256', 'PS256', 'EdDSA'] as const;
let server: Server;
let base: string;
let handle: (request: IncomingMessage, response: ServerResponse) => unknown;

beforeAll(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.on('request', (request, response) => void handle(request, response));
  await start();
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Starts the issuer at its address, with new keys of these names. */
async function start(nameOf: (alg: string) => string = alg => alg): Promise<void> {
  handle = new Provider(base, await configuration(nameOf)).callback();
}

async function configuration(nameOf: (alg: string) => string): Promise<Record<string, unknown>> {
  const options = providerOptions({
    keys: await Promise.all(SIGNING.map(alg => signingKey(alg, nameOf(alg)))),
    clients: SIGNING.map(algorithm => ({ id: algorithm, secret: SECRET, algorithm })),
    seconds: 600,
  });
  return { ...options, extraTokenClaims: () => ({ tenant: { id: 'acct-7' } }) };
}

async function obtain(client: string, resource = AUDIENCE): Promise<string> {
  const response = await fetch(`${base}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${client}:${SECRET}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource }),
  });
  const body = (await response.json()) as { access_token: string };
  expect(response.status, JSON.stringify(body)).toBe(200);
  return body.access_token;
}

function verifierOf(overrides: Partial<Issuer> = {}): IdentityVerifier {
  const issuer = {
    key: 'oidc',
    issuer: base,
    keysUrl: `${base}/jwks`,
    tokenUrl: null,
    client: null,
    audience: AUDIENCE,
    claims: { subject: 'sub', account: 'tenant.id' },
    ...overrides,
  };
  return identityVerifier({ ...only(issuer), randomBytes: size => new Uint8Array(size) });
}

function identify(token: string, overrides: Partial<Issuer> = {}) {
  return verifierOf(overrides).identify(proofOf(token), Date.now());
}

function proofOf(token: string): Assertion {
  return { kind: 'iambearer', secret: new Secret(token) };
}

describe('a token of a real issuer', () => {
  it.each(SIGNING)('names its caller, signed with %s', async alg => {
    const before = Math.floor(Date.now() / 1000);
    const identity = await identify(await obtain(alg));
    expect(identity).toMatchObject({ account: 'oidc:acct-7', subject: `oidc:${alg}`, strength: 'strong' });
    expect(identity.expiresAt).toBeGreaterThanOrEqual(before + 600);
  });

  it('is refused when it was made for another resource', async () => {
    const token = await obtain('ES256', 'https://other.example');
    await expect(identify(token)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(identify(token, { audience: null })).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('is refused when the configuration names its issuer otherwise, or asks for claims that it has not', async () => {
    const token = await obtain('ES256');
    for (const overrides of [{ issuer: `${base}/` }, { claims: { subject: 'sub', account: 'tenant' } }]) {
      await expect(identify(token, overrides)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
  });

  it('is known by a new key as soon as the issuer has one, and by the old one no longer than the issuer says', async () => {
    const verifier = verifierOf();
    const now = Date.now();
    const old = await obtain('ES256');
    expect(await verifier.identify(proofOf(old), now)).toMatchObject({ subject: 'oidc:ES256' });

    await start(alg => `${alg}-2`);
    const fresh = await obtain('ES256');
    const later = now + KEY_FETCH_INTERVAL_MS;

    expect(await verifier.identify(proofOf(fresh), later)).toMatchObject({ subject: 'oidc:ES256' });
    await expect(verifier.identify(proofOf(old), later)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});
