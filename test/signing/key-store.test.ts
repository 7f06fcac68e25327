/** The names of secrets that hold keys. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { secretsManager } from '../../lib/aws/secrets.ts';
import { fileKeyStore, secretKeyStore, secretName } from '../../lib/signing/key-store.ts';
import { keyDirectoryContract } from '../contracts/key-directory.ts';
import { LoopbackAws } from '../support/loopback-aws.ts';
import { temporaryDirectory } from './context.ts';

keyDirectoryContract('files', async () => {
  const path = join(await temporaryDirectory(), 'keys');
  return () => fileKeyStore(path);
});

keyDirectoryContract('secrets', async () => {
  const aws = await LoopbackAws.start();
  onTestFinished(() => aws.close());
  return () => secretKeyStore(secretsManager(aws.caller('secretsManager'), randomBytes), 'pullpass-test');
});

describe('the name of a secret', () => {
  it('holds prefix, kind and service, and escapes other characters', () => {
    expect(secretName('pullpass-dev', 'registry.example', 'ring.json')).toBe(
      'pullpass-dev/ring/registry.example',
    );
    expect(secretName('pullpass-dev', 'a_b@c-d', 'root.json')).toBe('pullpass-dev/root/a_b@c-d');
    expect(secretName('p', 'localhost:5000', 'public.json')).toBe('p/public/localhost=3A5000');
    expect(secretName('p', 'a=3A', 'ring.json')).toBe('p/ring/a=3D3A');
    expect(secretName('p', 'ü/🐳', 'ring.json')).toBe('p/ring/=C3=BC=2F=F0=9F=90=B3');
  });

  it('is refused when it is too long', () => {
    expect(secretName('p', 'a'.repeat(505), 'ring.json')).toHaveLength(512);
    expect(() => secretName('p', ':'.repeat(255), 'ring.json')).toThrow(/too long/);
  });
});
