/** What registries are given to verify access tokens with. Nothing here reads a private key. */
import { PullpassError } from '../domain/errors.ts';
import { publishedKeys } from '../domain/key-ring.ts';
import type { Service } from '../domain/service.ts';
import type { KeyPublication } from '../ports-keys.ts';
import { cached } from './kept.ts';
import type { KeyReader } from './key-directory.ts';
import { readPublicDocument } from './public-document.ts';

/** Publishes the keys of the configured services. Throws `not-found` for any other, `unavailable` without keys. */
export function keyPublication(services: readonly Service[], keys: KeyReader): KeyPublication {
  const byName = new Map(services.map(service => [service.name, service]));
  const documents = cached({ keys, file: 'public.json', parse: readPublicDocument });

  function configured(name: string): Service {
    const service = byName.get(name);
    if (service === undefined) throw new PullpassError('not-found');
    return service;
  }

  return {
    async jwks(name, now) {
      const document = await documents(configured(name), now);
      return { keys: publishedKeys(document.keys, now).map(({ jwk }) => ({ ...jwk })) };
    },
    async rootCertBundle(name, now) {
      const service = configured(name);
      if (service.profile === 'kid') return undefined;
      const { bundle } = await documents(service, now);
      if (bundle === null) throw new PullpassError('unavailable', { reason: `no bundle for ${name}` });
      return bundle;
    },
  };
}
