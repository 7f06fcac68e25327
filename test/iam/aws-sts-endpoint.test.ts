/** Where the requests to STS go, and whom they trust there. */
import 'reflect-metadata';
import { KeyObject, randomBytes } from 'node:crypto';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { awsCallers } from '../../lib/iam/aws-sts.ts';
import { BREAKER_FAILURES } from '../../lib/limits/breaker.ts';
import { answerOf, FARM, FARM_PRINCIPAL, HOST, PUBLIC_URL, proofOf } from './loopback-sts.ts';
import { NOW_MS } from './tokens.ts';

const usual = getCACertificates();
let server: Server | undefined;

afterEach(() => {
  vi.restoreAllMocks();
  setDefaultCACertificates(usual);
  server?.close();
  server?.closeAllConnections();
});

/** An STS on this machine whose certificate is for that name, and trusted. */
async function serveAs(name: string): Promise<{ url: string; hosts: (string | undefined)[] }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  });
  const cert = certificate.toString('pem');
  setDefaultCACertificates([...usual, cert]);
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
  const hosts: (string | undefined)[] = [];
  server = createServer({ key, cert }, (request, response) => {
    hosts.push(request.headers.host);
    response.writeHead(200, { 'content-type': 'application/json' }).end(answerOf(FARM_PRINCIPAL));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `https://localhost:${(server.address() as AddressInfo).port}`, hosts };
}

function callersAt(endpoint: string | null) {
  return awsCallers({ publicUrl: PUBLIC_URL, endpoint, cacheKey: randomBytes(32) });
}

describe('an endpoint that the configuration names', () => {
  it('is verified by its own name, and gets the signed host as Host', async () => {
    const { url, hosts } = await serveAs('localhost');
    expect(await callersAt(url).identify(await proofOf(), NOW_MS)).toMatchObject({ kind: 'awsiam' });
    expect(hosts).toEqual([HOST]);
  });

  it('is not verified by the name of the signed host', async () => {
    const { url, hosts } = await serveAs(HOST);
    await expect(callersAt(url).identify(await proofOf(), NOW_MS)).rejects.toMatchObject({
      code: 'unavailable',
      details: { cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } },
    });
    expect(hosts).toEqual([]);
  });

  it.each([
    'http://sts.amazonaws.com',
    'http://169.254.169.254',
    'ftp://127.0.0.1',
    'https://a:b@sts.example',
    '/',
  ])('is not %s', url => expect(() => callersAt(url)).toThrow(TypeError));
});

describe('without an endpoint', () => {
  /** The names that are looked up; none of them is found, so that nothing leaves this machine. */
  function lookedUp(): string[] {
    const names: string[] = [];
    vi.spyOn(dns, 'lookup').mockImplementation(((name: string, _: unknown, done: (error: Error) => void) => {
      names.push(name);
      done(new Error('not found'));
    }) as never);
    return names;
  }

  it('calls the signed host alone', async () => {
    const names = lookedUp();
    const callers = callersAt(null);
    await expect(callers.identify(await proofOf(), NOW_MS)).rejects.toMatchObject({ code: 'unavailable' });
    const elsewhere = (await proofOf()).replace(HOST, 'sts.evil.example');
    await expect(callers.identify(elsewhere, NOW_MS)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(names).toEqual([HOST]);
  });

  it('still calls other regions while one is down', async () => {
    const names = lookedUp();
    const callers = callersAt(null);
    for (let n = 0; n < BREAKER_FAILURES + 3; n++) {
      const proof = await proofOf(FARM, { expiresIn: 300 + n });
      await expect(callers.identify(proof, NOW_MS)).rejects.toMatchObject({ code: 'unavailable' });
    }
    expect(names).toHaveLength(BREAKER_FAILURES);
    const other = { host: 'sts.cn-north-1.amazonaws.com.cn', region: 'cn-north-1' };
    await expect(callers.identify(await proofOf(FARM, other), NOW_MS)).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(names.at(-1)).toBe(other.host);
  });
});
