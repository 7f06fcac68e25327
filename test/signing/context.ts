/** What the tests of signing share: services, a key store that is removed afterwards, a frozen time, claims. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type AccessTokenClaims, accessTokenClaims } from '../../lib/domain/access-token.ts';
import type { Service } from '../../lib/domain/service.ts';
import { unsealed } from '../../lib/files/atomic-file.ts';
import { directoryName, fileKeyStore, type KeyFile } from '../../lib/signing/key-store.ts';
import { keyPublication, readPublicDocument } from '../../lib/signing/publication.ts';
import { cachedRings } from '../../lib/signing/ring.ts';
import { accessTokenSigner } from '../../lib/signing/signer.ts';

export const NOW = Date.UTC(2026, 10, 21, 7) / 1000;
export const ISSUER = 'https://pullpass.example';

const service = (name: string, profile: Service['profile'], algorithm: Service['algorithm']): Service => ({
  name,
  registry: name,
  profile,
  algorithm,
  lifetimeSeconds: 300,
});
export const X5C = service('registry.example', 'x5c', 'ES256');
export const X5C_RSA = service('rsa.example', 'x5c', 'RS256');
export const KID = service('localhost:5000', 'kid', 'ES256');
export const KID_RSA = service('localhost:5001', 'kid', 'RS256');

export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'pullpass-test-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** A fresh key directory, and what the running program makes of it. */
export async function context(services: readonly Service[]) {
  const path = await temporaryDirectory();
  const directory = fileKeyStore(path);
  /** As a process that has just started sees it. */
  const fresh = () => {
    const rings = cachedRings(directory);
    return {
      rings,
      signer: accessTokenSigner({ services, rings }),
      publication: keyPublication(services, directory),
    };
  };
  const pathOf = (service: Service, file: KeyFile) => join(path, directoryName(service.name), file);
  const textOf = async (service: Service, file: KeyFile) => {
    const source = pathOf(service, file);
    return unsealed(await readFile(source, 'utf8'), source);
  };
  const publicOf = async (service: Service) =>
    readPublicDocument(await textOf(service, 'public.json'), service);
  const bundleOf = async (service: Service) => (await publicOf(service)).bundle ?? '';
  return { path, directory, fresh, pathOf, textOf, publicOf, bundleOf };
}

export function claimsFor(service: Service, now: number, repositories = ['team-a/app']): AccessTokenClaims {
  const granted = repositories.map(name => ({
    type: 'repository' as const,
    name,
    actions: ['pull', 'push'] as const,
  }));
  const issuance = {
    issuer: ISSUER,
    service: service.name,
    subject: '',
    granted,
    jti: 'jti-jti-jti-jti-jti-22',
  };
  return accessTokenClaims(issuance, service.lifetimeSeconds, now);
}

export function headerOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
}
