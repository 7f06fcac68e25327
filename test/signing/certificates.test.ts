/** Certificates of the x5c profile, verified by openssl and by their fields. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { LEAF_SECONDS } from '../../lib/domain/key-ring.ts';
import { certifyLeaf, certifyRoot } from '../../lib/signing/certificates.ts';
import { newPrivateKey, publicJwk } from '../../lib/signing/keys.ts';
import { NOW } from './context.ts';

async function chain(service = 'registry.example', algorithm: 'ES256' | 'RS256' = 'ES256') {
  const rootKey = await newPrivateKey('ES256');
  const root = await certifyRoot(service, rootKey, NOW);
  const leafKey = await newPrivateKey(algorithm);
  const authority = { privateKey: rootKey, certificate: root.certificate };
  const leaf = await certifyLeaf(authority, leafKey, NOW);
  return {
    root: new X509Certificate(root.certificate),
    leaf: new X509Certificate(leaf.certificate),
    leafKey,
    endsAt: leaf.endsAt,
  };
}

/** What openssl reads in a certificate. */
function text(certificate: X509Certificate): string {
  const extensions = 'basicConstraints,keyUsage,extendedKeyUsage,subjectAltName,nameConstraints';
  return execFileSync('openssl', ['x509', '-noout', '-ext', extensions], {
    input: certificate.toString(),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
    .toString()
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function seconds(date: Date): number {
  return date.getTime() / 1000;
}

describe('the certificates of a service', () => {
  it('are a root that certifies leaves only', async () => {
    const { root } = await chain();
    expect(text(root)).toBe(
      'X509v3 Basic Constraints: critical CA:TRUE, pathlen:0 X509v3 Key Usage: critical Certificate Sign',
    );
    expect(root.verify(root.publicKey)).toBe(true);
    expect([root.subject, root.issuer]).toEqual(Array(2).fill('CN=Pullpass root for registry.example'));
    expect(root.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(seconds(root.validFromDate)).toBe(NOW - 300);
    expect(root.validToDate.getUTCFullYear()).toBe(2036);
  });

  it.for(['ES256', 'RS256'] as const)(
    'and a leaf that signs only, for two weeks at most: %s',
    async algorithm => {
      const { root, leaf, leafKey, endsAt } = await chain('registry.example', algorithm);
      expect(text(leaf)).toBe(
        'X509v3 Basic Constraints: critical CA:FALSE X509v3 Key Usage: critical Digital Signature',
      );
      expect(leaf.verify(root.publicKey)).toBe(true);
      expect([leaf.subject, leaf.issuer]).toEqual(['CN=Pullpass access tokens', root.subject]);
      expect(leaf.checkIssued(root)).toBe(true);
      expect(leaf.checkPrivateKey(leafKey)).toBe(true);
      expect(seconds(leaf.validFromDate)).toBe(NOW - 300);
      expect(seconds(leaf.validToDate)).toBe(endsAt);
      expect(endsAt - (NOW - 300)).toBe(LEAF_SECONDS);
    },
  );

  it('have positive serials that differ', async () => {
    const serials = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const { root, leaf } = await chain();
      for (const { serialNumber } of [root, leaf]) {
        expect(serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
        serials.add(serialNumber);
      }
    }
    expect(serials.size).toBe(40);
  });

  it.for(['localhost:5000', 'a,b+CN=c', `${'long-'.repeat(30)}.example`, 'régistry "x"'])(
    'bear any name of a service: %s',
    async service => {
      const { root, leaf } = await chain(service);
      expect(leaf.checkIssued(root)).toBe(true);
      expect(root.subject.match(/^\w+=/gm)).toEqual(['CN=']);
      expect(root.subject.length).toBeLessThanOrEqual('CN='.length + 64);
    },
  );
});

describe('an EC key', () => {
  it('has no coordinate that begins with a zero byte', async () => {
    const keys = await Promise.all(Array.from({ length: 1500 }, () => newPrivateKey('ES256')));
    const firstBytes = keys.flatMap(key => {
      const { x = '', y = '' } = publicJwk(key);
      return [x, y].map(coordinate => Buffer.from(coordinate, 'base64url')[0]);
    });
    expect(firstBytes).toHaveLength(3000);
    expect(firstBytes).not.toContain(0);
  });

  it('would otherwise begin with one now and then', () => {
    const keys = Array.from(
      { length: 3000 },
      () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    );
    expect(keys.some(key => Buffer.from(publicJwk(key).x ?? '', 'base64url')[0] === 0)).toBe(true);
  });
});
