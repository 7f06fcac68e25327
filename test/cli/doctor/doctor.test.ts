/** `doctor`: the finding for each fault of a clock, a deployment and a certificate. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { logIn, shell, stub, useStub } from '../support/setup.ts';
import { METADATA, PUBLIC_KEY } from '../support/stub.ts';

useStub(() => ({ 'GET /health': () => ({ json: { status: 'ok' } }) }));
beforeEach(() => logIn());
afterEach(async () => {
  vi.useRealTimers();
});

/** What is said of a check. The registry of the deployment is nowhere. */
async function finding(check: string): Promise<object> {
  const { stdout } = await shell.pullpass(['doctor', '--output', 'json']);
  const { findings } = JSON.parse(stdout);
  return findings.find((found: { check: string }) => found.check === check);
}

describe('the clocks', () => {
  it.for([
    [0, 'ok'],
    [-29, 'ok'],
    [32, 'warning'],
    [-32, 'warning'],
    [58, 'warning'],
    [63, 'problem'],
    [-63, 'problem'],
  ] as const)('%s s apart are found %s', async ([seconds, state]) => {
    const date = () => new Date(Date.now() - seconds * 1000).toUTCString();
    stub.replies['GET /health'] = () => ({ headers: { date: date() } });
    expect(await finding('clock')).toMatchObject({
      state,
      message: expect.stringMatching(/^The clocks of this machine and the deployment differ by \d+ s\.$/),
    });
  });

  it('without a valid date in the response are a warning', async () => {
    stub.replies['GET /health'] = () => ({ headers: { date: 'today' } });
    expect(await finding('clock')).toMatchObject({ state: 'warning' });
  });
});

describe('a deployment', () => {
  it('that cannot do its work says so itself', async () => {
    stub.replies['GET /health'] = () => ({ status: 503, json: { detail: 'The table is somewhere.' } });
    expect(await finding('health')).toMatchObject({
      state: 'problem',
      message: 'It answers 503 at /health: it is not healthy. The table is somewhere.',
    });
    expect(await finding('deployment')).toMatchObject({ state: 'ok' });
  });

  it('that knows itself by another URL gets no login', async () => {
    stub.replies[METADATA] = () => ({ json: stub.metadata({ issuer: 'https://other.example' }) });
    stub.requests.splice(0);
    expect(await finding('metadata')).toMatchObject({
      state: 'problem',
      message: expect.stringContaining('says that its URL is https://other.example'),
    });
    expect(await finding('login')).toMatchObject({ state: 'skipped' });
    expect(stub.requests.map(({ headers }) => headers.authorization)).not.toContainEqual(expect.any(String));
  });

  it('that serves other registries than before is a warning, and the new ones are checked', async () => {
    const services = [{ name: 'new.example', registry: '127.0.0.1:1' }];
    stub.replies[METADATA] = () => ({ json: stub.metadata({ pullpass_services: services }) });
    expect(await finding('metadata')).toMatchObject({
      state: 'warning',
      advice: expect.stringContaining('pullpass target-add'),
    });
    expect(await finding('address of 127.0.0.1:1')).toMatchObject({ state: 'problem' });
  });

  it('that publishes no keys, or a broken bundle, is a problem', async () => {
    const keys = 'GET /v1/services/registry.example/jwks.json';
    stub.replies[keys] = () => ({ json: { keys: [] } });
    const check = 'keys of registry.example:5000';
    expect(await finding(check)).toMatchObject({
      message: 'The deployment publishes no keys for registry.example.',
    });
    stub.replies[keys] = () => ({ json: { keys: [PUBLIC_KEY] } });
    expect(await finding(check)).toMatchObject({
      state: 'ok',
      message: expect.stringContaining('profile kid'),
    });
    stub.replies['GET /v1/services/registry.example/rootcertbundle.pem'] = () => ({ text: 'no PEM' });
    expect(await finding(check)).toMatchObject({
      message: expect.stringContaining('it must hold PEM certificates and nothing else'),
    });
  });
});

describe('the realm', () => {
  it.for([
    ['registry.example.com', 'warning', 'they reach the registry over https, and this is http.'],
    ['localhost:1', 'warning', 'it is an address of a machine itself, or of a private network.'],
  ] as const)('that newer clients refuse is a warning: of %s', async ([registry, state, text]) => {
    const services = [{ name: registry, registry }];
    stub.replies[METADATA] = () => ({ json: stub.metadata({ pullpass_services: services }) });
    expect(await finding(`realm of ${registry}`)).toEqual({
      check: `realm of ${registry}`,
      state,
      message: `Newer clients (crane, oras, helm) refuse to log in to ${registry} at ${stub.url}: ${text}`,
      advice: expect.stringContaining('docs/registries-and-clients.md#realms'),
    });
  });

  it('that the registry shares its host with is fine', async () => {
    const registry = new URL(stub.url).host;
    const services = [{ name: registry, registry }];
    stub.replies[METADATA] = () => ({ json: stub.metadata({ pullpass_services: services }) });
    expect(await finding(`realm of ${registry}`)).toMatchObject({ state: 'ok' });
  });
});

describe('a root certificate', () => {
  it('that ends within two weeks is a problem', async () => {
    stub.replies['GET /v1/services/registry.example/jwks.json'] = () => ({
      json: { keys: [PUBLIC_KEY] },
    });
    stub.replies['GET /v1/services/registry.example/rootcertbundle.pem'] = () => ({ text: ROOT });
    const check = 'keys of registry.example:5000';
    const ends = Date.parse('2036-11-20T11:38:14Z');
    const DAY_MS = 86_400_000;
    for (const [days, state] of [
      [15, 'ok'],
      [14, 'problem'],
      [-1, 'problem'],
    ] as const) {
      vi.useFakeTimers({ toFake: ['Date'], now: ends - days * DAY_MS });
      expect(await finding(check), `${days}`).toMatchObject({ state });
    }
  });
});

/** Ends at 2036-11-20T11:38:14Z. */
const ROOT = `-----BEGIN CERTIFICATE-----
MIIBmjCCAT+gAwIBAgIQQA0DjQGBb8UYNNyDvJwmoTAKBggqhkjOPQQDAjArMSkw
JwYDVQQDEyBQdWxscGFzcyByb290IGZvciBsb2NhbGhvc3Q6NTE3NzAeFw0yNjEx
MjExMTM4MTRaFw0zNjExMjAxMTM4MTRaMCsxKTAnBgNVBAMTIFB1bGxwYXNzIHJv
b3QgZm9yIGxvY2FsaG9zdDo1MTc3MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
a0FMTK7Z8ZAIX+NQmUsvTYiu/AjJotWeXBEiqKZdYt/BkVfx5cLO+fHhfpUw5W3i
dhAKaeVvESj4zNG2yFRXz6NFMEMwEgYDVR0TAQH/BAgwBgEB/wIBADAOBgNVHQ8B
Af8EBAMCAgQwHQYDVR0OBBYEFIj0ziRsD2q7kARdqdXcZeyRYhzDMAoGCCqGSM49
BAMCA0kAMEYCIQDd0Edj6Vo+l1HJ7sQeTckyd2jY70RbCZsbZ+asTH/iZQIhANCa
lOxVysO1vLuMBAAXv5qSHTEUYzfAU3mL9LP5bnyb
-----END CERTIFICATE-----
`;
