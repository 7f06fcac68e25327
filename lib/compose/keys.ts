/** The keys function: rotates the keys of all services and the credential key, and attests the table. */

import { withHealth } from '../api/health.ts';
import { keyHandler } from '../api/invocations.ts';
import { putResponse } from '../aws/reports.ts';
import { credentialKeyRotation } from '../derivation/credential-keys.ts';
import { ringRotation } from '../signing/ring-rotation.ts';
import { openParts, type World } from './parts.ts';
import {
  openAttesting,
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
    ...TABLE_SETTINGS,
  ]);
  const { config, clock, randomBytes, metrics, log } = parts;
  const { secretTags: tags, secretKey: kmsKey } = config;
  const made = { tags, kmsKey };
  const marker = openTableMarker(parts, 'described');
  const store = openKeyStore(parts, made);
  const source = openCredentialKeySource(parts, made);
  const handler = keyHandler({
    ports: {
      rings: ringRotation(store),
      credentialKeys: credentialKeyRotation(source, randomBytes),
      retirement: openRetirement(parts),
      services: config.services,
      clock,
      metrics,
    },
    respond: (url, body) => putResponse(url, body),
    settle: () => marker.initialise(clock()),
    attest: openAttesting(parts),
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
