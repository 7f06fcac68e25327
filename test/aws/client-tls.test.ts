/** A post over TLS reaches only a host whose certificate is valid. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectionPool } from '../../lib/aws/connections.ts';

const TRUSTED = getCACertificates('default');
let server: Server;
let certificate: string;
let url: URL;
beforeAll(async () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=localhost',
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])],
  });
  certificate = made.toString('pem');
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const pem = `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----`;
  server = createServer({ key: pem, cert: certificate }, (request, response) => {
    request.resume();
    response.end('{}');
  });
  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve));
  url = new URL(`https://localhost:${(server.address() as AddressInfo).port}`);
});
afterAll(() => {
  setDefaultCACertificates(TRUSTED);
  server.closeAllConnections();
  server.close();
});

describe('a post over TLS', () => {
  it('is not sent to a server without a certificate for the host', async () => {
    const code = 'DEPTH_ZERO_SELF_SIGNED_CERT';
    await expect(connectionPool(url)({}, '{}', undefined)).rejects.toMatchObject({ code });
  });

  it('is answered by one with such a certificate', async () => {
    setDefaultCACertificates([...TRUSTED, certificate]);
    const post = connectionPool(url);
    for (let i = 0; i < 2; i++) {
      expect(await post({}, '{}', undefined)).toEqual({ status: 200, body: '{}' });
    }
  });
});
