/** Keeps the keys alive: the rings of every service, with the files that their registries read, and the credential key. */
import { join, relative } from 'node:path';
import { credentialKeyRotation } from '../lib/derivation/credential-keys.ts';
import { fileKeySource } from '../lib/derivation/key-source.ts';
import { isProxied, type Service } from '../lib/domain/service.ts';
import { toSeconds } from '../lib/domain/time.ts';
import type { KeyPublication } from '../lib/ports/keys.ts';
import type { Clock, RandomBytes } from '../lib/ports/system.ts';
import { fileKeyStore } from '../lib/signing/key-store.ts';
import { toPublicPem } from '../lib/signing/keys.ts';
import { keyPublication } from '../lib/signing/publication.ts';
import { maintainRing } from '../lib/signing/ring-rotation.ts';
import { COMPOSE_FILE, composeFile } from './compose-file.ts';
import type { DataDirectory } from './data-directory.ts';
import { portsOf } from './registry-addresses.ts';
import { registryDirectory } from './registry-directories.ts';
import { type SingleKeys, writePublicFile, writeRegistryFiles } from './registry-files.ts';

export interface KeyRotationOptions {
  readonly services: readonly Service[];
  readonly directory: Pick<DataDirectory, 'keys' | 'credentialKey' | 'registry'>;
  /** `PULLPASS_URL`. */
  readonly publicUrl: string;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

/** Does once what is due: safe at any time, and as often as wanted. */
export async function rotateKeys(options: KeyRotationOptions): Promise<void> {
  const { services, directory, publicUrl, clock, randomBytes } = options;
  const keys = fileKeyStore(directory.keys);
  const now = toSeconds(clock());
  await credentialKeyRotation(fileKeySource(directory.credentialKey), randomBytes).maintain(now);
  for (const service of services) await maintainRing(service, keys, now);
  // The registry proxy reads its keys where they are.
  const own = services.filter(service => !isProxied(service));
  const ports = portsOf(own.map(({ registry }) => registry));
  for (const [i, service] of own.entries()) {
    // New each time, past every cache: the files must show the keys as they are now.
    const publication = keyPublication(services, keys);
    await writeRegistryFiles({
      directory: registryDirectory(directory.registry, service.name, own),
      service,
      port: ports[i] ?? '',
      publicUrl,
      jwks: await publication.jwks(service.name, now),
      bundle: await publication.rootCertBundle(service.name, now),
      single: await singleKeys(publication, service, now),
    });
  }
  if (own.length > 0) await writeComposeFile(directory.registry, own, ports);
}

/** The key of a service with certificates changes by itself, which a registry with one key would not notice. */
async function singleKeys(
  publication: KeyPublication,
  { name, profile }: Service,
  now: number,
): Promise<SingleKeys | undefined> {
  if (profile === 'x5c') return undefined;
  const [current] = (await publication.signingKey(name, 'current', now)).keys;
  const [next] = (await publication.signingKey(name, 'next', now)).keys;
  if (current === undefined) throw new Error(`no key signs for ${name}`);
  return { current: toPublicPem(current), next: next === undefined ? next : toPublicPem(next) };
}

function writeComposeFile(
  root: string,
  services: readonly Service[],
  ports: readonly string[],
): Promise<void> {
  const composed = services.map((service, i) => ({
    service,
    directory: relative(root, registryDirectory(root, service.name, services)),
    port: ports[i] ?? '',
  }));
  return writePublicFile(join(root, COMPOSE_FILE), composeFile(composed));
}
