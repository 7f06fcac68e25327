/** Keeps the rings of every service alive, and the files that their registries read up to date. */
import { join } from 'node:path';
import type { Service } from '../lib/domain/service.ts';
import { toSeconds } from '../lib/domain/time.ts';
import type { Clock } from '../lib/ports.ts';
import { directoryName, keyDirectory } from '../lib/signing/key-directory.ts';
import { maintainRing } from '../lib/signing/maintenance.ts';
import { keyPublication } from '../lib/signing/publication.ts';
import { cachedRings } from '../lib/signing/rings.ts';
import type { DataDirectory } from './data-directory.ts';
import { writeRegistryFiles } from './registry-files.ts';

export interface KeyKeeperOptions {
  readonly services: readonly Service[];
  readonly directory: Pick<DataDirectory, 'keys' | 'registry'>;
  /** `PULLPASS_URL`. */
  readonly publicUrl: string;
  readonly clock: Clock;
}

/** Does once what is due for every service: safe at any time, and as often as wanted. */
export async function keepKeys({ services, directory, publicUrl, clock }: KeyKeeperOptions): Promise<void> {
  const keys = keyDirectory(directory.keys);
  const now = toSeconds(clock());
  for (const service of services) {
    await maintainRing(service, keys, now);
    // Read past every cache: the files must show the ring as it is now.
    const publication = keyPublication({ services, rings: cachedRings(keys), keys });
    await writeRegistryFiles({
      directory: registryDirectory(directory.registry, service, services),
      service,
      publicUrl,
      jwks: await publication.jwks(service.name, now),
      bundle: await publication.rootCertBundle(service.name),
    });
  }
}

/** One service has the directory to itself; several have one each in it. */
function registryDirectory(root: string, { name }: Service, services: readonly Service[]): string {
  return services.length === 1 ? root : join(root, directoryName(name));
}
