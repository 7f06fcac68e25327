/** What registries are given to verify access tokens with. Nothing here can hold a private member. */
import { PullpassError } from '../domain/errors.ts';
import { publishedKeys } from '../domain/key-ring.ts';
import type { Service } from '../domain/service.ts';
import type { KeyPublication } from '../ports.ts';
import type { KeyReader } from './key-directory.ts';
import type { Rings } from './rings.ts';

export interface PublicationParts {
  readonly services: readonly Service[];
  readonly rings: Rings;
  readonly keys: KeyReader;
}

/** Publishes the keys of the configured services. Throws `not-found` for any other, `unavailable` without keys. */
export function keyPublication({ services, rings, keys }: PublicationParts): KeyPublication {
  const byName = new Map(services.map(service => [service.name, service]));

  function configured(name: string): Service {
    const service = byName.get(name);
    if (service === undefined) throw new PullpassError('not-found');
    return service;
  }

  return {
    async jwks(name, now) {
      const ring = await rings.ring(configured(name), now);
      return { keys: publishedKeys(ring.keys, now).map(({ jwk }) => ({ ...jwk })) };
    },
    async rootCertBundle(name) {
      if (configured(name).profile === 'kid') return undefined;
      const bundle = await keys.read(name, 'rootcertbundle.pem');
      if (bundle === undefined) throw new PullpassError('unavailable', { reason: `no bundle for ${name}` });
      return bundle;
    },
  };
}
