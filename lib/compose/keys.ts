/** The keys function: rotates the keys of all services and the credential key, and attests the table. */

import { withHealth } from '../api/health.ts';
import { keyHandler } from '../api/invocations.ts';
import { putResponse } from '../aws/reports.ts';
import { replicaOfKey } from '../aws/secrets.ts';
import { credentialKeyRotation } from '../derivation/credential-keys.ts';
import { ringRotation } from '../signing/ring-rotation.ts';
import { copyKeys } from '../usecases/keys.ts';
import { openParts, type World } from './parts.ts';
import {
  openAttesting,
  openCopies,
  openCredentialKeySource,
  openKeyStore,
  openRetirement,
  openTableMarker,
  TABLE_SETTINGS,
} from './resources.ts';

export function createKeys(world: World): ReturnType<typeof keyHandler> {
  const parts = openParts(world, [
    'services',
    'keys',
    'credentialKey',
    'secretTags',
    'secretKey',
    'copyRegion',
    ...TABLE_SETTINGS,
  ]);
  const { config, clock, randomBytes, metrics, log } = parts;
  const { secretTags: tags, secretKey: kmsKey, copyRegion: region } = config;
  const copyKey = region && kmsKey && replicaOfKey(kmsKey, region);
  const made = { tags, kmsKey, copy: region === undefined ? undefined : { region, kmsKey: copyKey } };
  const copies = openCopies(parts, made);
  const marker = openTableMarker(parts, 'described');
  const store = openKeyStore(parts, made);
  const source = openCredentialKeySource(parts, made);
  const handler = keyHandler({
    ports: {
      rings: ringRotation(store),
      credentialKeys: credentialKeyRotation(source, randomBytes),
      retirement: openRetirement(parts, made),
      services: config.services,
      clock,
      metrics,
    },
    respond: (url, body) => putResponse(url, body),
    initialise: () => marker.initialise(clock()),
    attest: openAttesting(parts),
    copy: goesOn => copyKeys(copies, config.services, goesOn),
    log,
    metrics,
  });
  const rings = config.services.map(({ name }): [string, () => Promise<unknown>] => [
    `ring of ${name}`,
    async () => present(await store.read(name, 'ring.json')),
  ]);
  return withHealth(handler, {
    'table and ledger': () => marker.history(),
    'credential key': async () => present(await source.read()),
    ...Object.fromEntries(rings),
  });
}

function present(text: string | undefined): void {
  if (text === undefined) throw new Error('missing');
}
